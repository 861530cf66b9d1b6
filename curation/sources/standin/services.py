"""A stand-in for the other open services: Crossref, Europe PMC, NCBI's ID converter and Unpaywall.

One loopback server with an address for each. Bodies have the shapes that these services' documentation and
recordings in public projects show. Europe PMC's query language goes as far as words, phrases, the fields below,
AND, OR, NOT and parentheses; an unknown field finds nothing.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.desk import Desk, Manners, Reply, Request
from curation.sources.standin.faults import Fault, FaultKind, spoilt
from curation.sources.standin.server import StandIn
from curation.sources.standin.wire import HTML, JSON, TEXT, Answer, compact

Json = Mapping[str, Any]
Test = Callable[[Json], bool]

_MOST_ON_A_PAGE = 1_000  # Europe PMC's
_MOST_IDS = 200  # the ID converter's
_TOKEN = re.compile(r'\(|\)|[A-Z_]+:(?:"[^"]*"|\[[^\]]*\]|[^\s()]+)|"[^"]*"|[^\s()]+')
_ID_TYPES = {
    "pmid": (re.compile(r"[1-9]\d*"), "PubMed IDs (Positive Integers)"),
    "pmcid": (re.compile(r"(PMC)?\d+(\.\d+)?", re.IGNORECASE), "PMCIDs"),
    "doi": (re.compile(r"10\.\d{4,9}/\S+"), "DOIs"),
}
_FIELDS: Mapping[str, Callable[[Json], str]] = {
    "TITLE": lambda told: str(told.get("title", "")),
    "ABSTRACT": lambda told: str(told.get("abstractText", "")),
    "AUTH": lambda told: str(told.get("authorString", "")),
    "DOI": lambda told: str(told.get("doi", "")),
    "": lambda told: f"{told.get('title', '')} {told.get('abstractText', '')}",
}
_NO_PAGE = Answer(404, HTML, b"<html><head><title>404 Not Found</title></head></html>\n")
_EXACT = {"SRC": "source", "EXT_ID": "id", "PUB_YEAR": "pubYear"}


@dataclass(frozen=True, slots=True)
class Names:
    """One article as the ID converter knows it."""

    pmid: str
    pmcid: str
    doi: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the services hold.

    ``works``: Crossref's message of each DOI (lower case). ``records``: results of Europe PMC's type ``core``.
    ``cites``: the reference list of a record by its number (``MED:1``), each entry a number or, where there is no
    record, a title. ``articles``: what is in PubMed Central. ``unreadable``: ids for which the converter refuses a
    whole request. ``open_copies``: Unpaywall's answer of each DOI. ``withheld``: entries of citation lists, by the
    digits of their number, that are counted and not given. ``said``: status and body that stand in place of every
    true answer of a tool (the ``path`` of faults).
    """

    works: Mapping[str, Json] = field(default_factory=dict)
    records: tuple[Json, ...] = ()
    cites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    articles: tuple[Names, ...] = ()
    unreadable: frozenset[str] = frozenset()
    open_copies: Mapping[str, Json] = field(default_factory=dict)
    withheld: frozenset[int] = frozenset()
    said: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)


class Services(StandIn):
    """The four services on 127.0.0.1 for as long as the ``with`` block lasts; see ``StandIn`` for its manners.

    The ``path`` of a fault is ``works`` (Crossref), ``search``, ``fetch``, ``citations`` or ``references``
    (Europe PMC), ``idconv`` or ``unpaywall``. ``OMITTED_IDS`` leaves out records of Europe PMC by the digits of
    their id: a search does not count them, a citation list counts them and does not give them.
    """

    def __init__(self, holdings: Holdings, *, faults: Iterable[Fault] = ()) -> None:
        super().__init__(Corpus())
        self._services_desk = _ServicesDesk(holdings, tuple(faults))
        self._desk = self._services_desk

    @property
    def holdings(self) -> Holdings:
        """What is served; may be replaced while the services run, from the next request on."""
        return self._services_desk.holdings

    @holdings.setter
    def holdings(self, holdings: Holdings) -> None:
        self._services_desk.holdings = holdings

    @property
    def crossref_url(self) -> str:
        """Base address of Crossref's REST API."""
        return self.url + "crossref/"

    @property
    def europepmc_url(self) -> str:
        """Base address of Europe PMC's web service."""
        return self.url + "europepmc/"

    @property
    def idconv_url(self) -> str:
        """Address of NCBI's ID converter."""
        return self.url + "idconv/"

    @property
    def unpaywall_url(self) -> str:
        """Base address of Unpaywall's API."""
        return self.url + "unpaywall/"


class _ServicesDesk(Desk):
    """The desk with other books behind it."""

    def __init__(self, holdings: Holdings, faults: tuple[Fault, ...]) -> None:
        super().__init__(Corpus(), Manners(), faults)
        self.holdings = holdings

    def reply(self, method: str, path: str, params: Mapping[str, str], address: str) -> Reply:  # noqa: ARG002 - its signature
        """Reply to one request: faults first, then the true answer."""
        service, _, rest = unquote(path).partition("/")
        tool = _tool(service, rest, params)
        shown = MappingProxyType(dict(params))
        with self._lock:
            number = len(self._requests)
            self._requests.append(Request(method, path, shown, self._manners.clock()))
            fault = self._script.next_for(tool, shown)
            holdings = self.holdings
        if fault is not None and fault.kind is FaultKind.OMITTED_IDS:
            holdings = _without(holdings, fault.pmids)
        true = spoilt(fault) if fault else None
        if true is None and tool in holdings.said:
            status, body = holdings.said[tool]
            true = Answer(status, JSON, body)
        true = true or _answer(holdings, service, rest, params)
        reply = Reply(true, fault.kind, fault.at_byte, fault.per_second) if fault else Reply(true)
        self._note(number, reply)
        return reply


def _tool(service: str, rest: str, params: Mapping[str, str]) -> str:
    if service == "crossref":
        return "works"
    if service != "europepmc":
        return service
    if rest.startswith("search"):
        return "fetch" if params.get("resultType") == "core" else "search"
    return rest.rpartition("/")[2]


def _without(holdings: Holdings, numbers: frozenset[int]) -> Holdings:
    kept = tuple(told for told in holdings.records if _digits(str(told.get("id", ""))) not in numbers)
    return replace(holdings, records=kept, withheld=numbers)


def _digits(number: str) -> int | None:
    digits = re.sub(r"\D", "", number)
    return int(digits) if digits else None


def _answer(holdings: Holdings, service: str, rest: str, params: Mapping[str, str]) -> Answer:
    return _SERVICES[service](holdings, rest, params) if service in _SERVICES else _NO_PAGE


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, JSON, compact(value))


# Crossref


def _crossref(holdings: Holdings, rest: str, params: Mapping[str, str]) -> Answer:
    if rest == "works":
        return _works(holdings, params)
    if not rest.startswith("works/"):
        return _NO_PAGE
    message = holdings.works.get(rest.removeprefix("works/").lower())
    if message is None:
        return Answer(404, TEXT, b"Resource not found.")
    return _json({"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": message})


def _works(holdings: Holdings, params: Mapping[str, str]) -> Answer:
    wanted = []
    for part in params.get("filter", "").split(","):
        name, _, value = part.partition(":")
        if name != "doi" or not value:
            fault = {
                "type": "filter-not-available",
                "value": name,
                "message": f"Filter {name} is not available",
            }
            return _json({"status": "failed", "message-type": "validation-failure", "message": [fault]}, 400)
        wanted.append(value.lower())
    items = [holdings.works[doi] for doi in dict.fromkeys(wanted) if doi in holdings.works]
    shown = items[: int(params.get("rows", "20"))]
    message = {"facets": {}, "total-results": len(items), "items": shown, "items-per-page": len(shown)}
    return _json(
        {"status": "ok", "message-type": "work-list", "message-version": "1.0.0", "message": message}
    )


# Europe PMC


def _europepmc(holdings: Holdings, rest: str, params: Mapping[str, str]) -> Answer:
    if rest in {"search", "searchPOST"}:
        return _search(holdings, params)
    return _linked(holdings, rest, params) if rest.endswith(("/citations", "/references")) else _NO_PAGE


def _search(holdings: Holdings, params: Mapping[str, str]) -> Answer:
    query, size = params.get("query", ""), int(params.get("pageSize", "25"))
    if not query.strip():
        said = "No search criteria provided. Please provide a search criteria which is less than 1500 characters."
        return _json({"errCode": 404, "errMsg": said})
    if not 1 <= size <= _MOST_ON_A_PAGE:
        said = f"Invalid page size provided. Valid size is between 1 and {_MOST_ON_A_PAGE}"
        return _json({"errCode": 404, "errMsg": said})
    fits = _Query(query).read()
    # By relevance, which is to say in no order that means anything to a caller.
    hits = sorted(filter(fits, holdings.records), key=lambda told: zlib.crc32(_number(told).encode()))
    start = _opened(params.get("cursorMark", "*"))
    shown = hits[start : start + size]
    content: dict[str, object] = {"version": "6.9", "hitCount": len(hits)}
    if shown:
        content["nextCursorMark"] = _sealed(start + len(shown))
    content["request"] = {
        "queryString": query,
        "resultType": params.get("resultType", "lite"),
        "synonym": False,
    }
    content["resultList"] = {"result": [_shown(told, params) for told in shown]}
    return _json(content)


def _shown(told: Json, params: Mapping[str, str]) -> Json:
    if params.get("resultType") == "core":
        return told
    return {name: told[name] for name in ("id", "source", "pmid", "pmcid") if name in told}


def _number(told: Json) -> str:
    return f"{told['source']}:{told['id']}"


def _sealed(place: int) -> str:
    return base64.b64encode(b"AoE%d" % place).decode()


def _opened(cursor: str) -> int:
    return 0 if cursor == "*" else int(base64.b64decode(cursor)[3:])


def _linked(holdings: Holdings, rest: str, params: Mapping[str, str]) -> Answer:
    source, number, what = rest.split("/")
    accession, entry = f"{source}:{number}", what.removesuffix("s")
    if what == "references":
        linked = list(holdings.cites.get(accession, ()))
    else:
        linked = [one for one, cited in holdings.cites.items() if accession in cited]
    page, size = int(params.get("page", "1")), int(params.get("pageSize", "25"))
    held = {_number(told): told for told in holdings.records}
    given = [one for one in linked if _digits(one) not in holdings.withheld]
    shown = [_entry(held, one) for one in given[(page - 1) * size : page * size]]
    content: dict[str, object] = {"version": "6.9", "hitCount": len(linked)}
    content["request"] = {"id": number, "source": source, "offSet": (page - 1) * size, "pageSize": size}
    if linked:
        content[f"{entry}List"] = {entry: shown}
    return _json(content)


def _entry(held: Mapping[str, Json], named: str) -> Json:
    told = held.get(named)
    if told is None:
        return {"title": named, "match": "N"}
    kept = ("id", "source", "title", "authorString", "doi")
    year = {"pubYear": int(told["pubYear"])} if "pubYear" in told else {}
    return {name: told[name] for name in kept if name in told} | year


class _Query:
    """Reads a query into a test of one record."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)

    def read(self) -> Test:
        tests = [self._all()]
        while self._take("OR"):
            tests.append(self._all())
        return lambda told: any(test(told) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._tokens and self._tokens[0] not in {"OR", ")"}:
            self._take("AND")
            tests.append(self._one())
        return lambda told: all(test(told) for test in tests)

    def _one(self) -> Test:
        if self._take("NOT"):
            test = self._one()
            return lambda told: not test(told)
        if self._take("("):
            inner = self.read()
            self._take(")")
            return inner
        return _term(self._tokens.pop(0)) if self._tokens else lambda _: False

    def _take(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        del self._tokens[0]
        return True


def _term(token: str) -> Test:
    name, colon, value = token.partition(":")
    if not colon or token.startswith('"'):
        name, value = "", token
    sought = value.strip('"').lower()
    if name in _EXACT:
        return lambda told: _within(str(told.get(_EXACT[name], "")).lower(), sought)
    if name not in _FIELDS:
        return lambda _: False
    words = re.compile(rf"\b{re.escape(sought)}\b")
    return lambda told: words.search(_FIELDS[name](told).lower()) is not None


def _within(held: str, sought: str) -> bool:
    """Equal, or between the ends of ``[2020 TO 2024]``."""
    if not sought.startswith("["):
        return held == sought
    low, _, high = sought.strip("[]").partition(" to ")
    return low <= held <= high


# NCBI's ID converter


def _converted(holdings: Holdings, rest: str, params: Mapping[str, str]) -> Answer:
    if rest:
        return _NO_PAGE
    kind, ids = params.get("idtype", "pmid"), params.get("ids", "").split(",")
    form, called = _ID_TYPES[kind]
    if not all(form.fullmatch(one) and one not in holdings.unreadable for one in ids):
        return _refused(f"All values of query param `ids` must be {called}.", f"invalid_{kind}s")
    if len(ids) > _MOST_IDS:
        return _refused(f"More than {_MOST_IDS} ids were given.", "too_many_ids")
    known = {getattr(names, kind).lower(): names for names in holdings.articles}
    return _json({"status": "ok", "records": [_names(one, kind, known.get(one.lower())) for one in ids]})


def _names(asked: str, kind: str, names: Names | None) -> Json:
    if names is None:
        said = {"status": "error", "errmsg": "Identifier not found in PMC"}
        return {kind: asked, "requested-id": asked, **said}
    return {"doi": names.doi, "pmcid": names.pmcid, "pmid": int(names.pmid), "requested-id": asked}


def _refused(message: str, code: str) -> Answer:
    errors = [{"message": message, "code": code}]
    content = {"status": "error", "http_status": "400", "http_status_reason": "Bad Request", "errors": errors}
    return _json(content, 400)


# Unpaywall


def _open_copy(holdings: Holdings, rest: str, params: Mapping[str, str]) -> Answer:
    if not re.fullmatch(r"[^@\s]+@(?!example\.com$)[^@\s]+", params.get("email", "")):
        said = "Please use your own email address in API calls. See http://unpaywall.org/products/api"
        return _json({"HTTP_status_code": 422, "error": True, "message": said}, 422)
    told = holdings.open_copies.get(rest.lower())
    if told is None:
        said = f"'{rest}' isn't in Unpaywall. See https://support.unpaywall.org"
        return _json({"HTTP_status_code": 404, "error": True, "message": said}, 404)
    return _json(told)


_SERVICES = {"crossref": _crossref, "europepmc": _europepmc, "idconv": _converted, "unpaywall": _open_copy}
