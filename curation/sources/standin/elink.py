"""What elink answers from what the corpus itself knows: reference lists, numbers in PMC, likeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from curation.sources.standin.asked import GROUPS, Asked, listed
from curation.sources.standin.entry import Entry
from curation.sources.standin.wire import Answer, Refusal, elements, in_json, in_xml

_MOST_SIMILAR = 20


@dataclass(frozen=True, slots=True)
class _LinkSet:
    """Links of one list of records: by link name, in the order they are told."""

    ids: tuple[int, ...]
    links: tuple[tuple[str, tuple[str, ...]], ...]


def elink(asked: Asked) -> Answer:
    """Links from PubMed to PubMed or PMC; each repeated ``id`` is answered on its own, as NCBI does.

    Raises Refusal for other databases, other link names, and any ``cmd`` but neighbor.
    """
    if asked.text("dbfrom", "pubmed") != "pubmed":
        raise Refusal(f"Invalid db name specified: {asked.text('dbfrom')}")
    if asked.text("cmd", "neighbor") != "neighbor":
        raise Refusal("This stand-in serves cmd=neighbor only")
    names = _names(asked)
    sets = [_link_set(asked, ids, names) for ids in _lists(asked)]
    if asked.wants_json:
        return in_json("elink", {"linksets": [_as_json(one) for one in sets]})
    return in_xml("elink", "".join(map(_as_xml, sets)))


def _names(asked: Asked) -> tuple[str, ...]:
    target = asked.text("db", "pubmed")
    if target not in {"pubmed", "pmc"}:
        raise Refusal(f"Invalid db name specified: {target}")
    known = tuple(name for name in _LINKS if _target(name) == target)
    wanted = asked.text("linkname")
    if not wanted:
        return known
    names = tuple(name.strip() for name in wanted.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Refusal(f"This stand-in knows no link {', '.join(unknown)} from pubmed to {target}")
    return names


def _lists(asked: Asked) -> list[tuple[int, ...]]:
    if asked.text("WebEnv") or asked.text("query_key"):
        return [asked.pmids()]
    lists = [ids for text in asked.text("id").split(GROUPS) if (ids := listed(text))]
    if not lists:
        raise Refusal("ID list is empty! Possibly it has no correct IDs.")
    return lists


def _link_set(asked: Asked, ids: tuple[int, ...], names: tuple[str, ...]) -> _LinkSet:
    links = ((name, tuple(dict.fromkeys(_found(asked, ids, name)))) for name in names)
    return _LinkSet(ids, tuple((name, found) for name, found in links if found))


def _found(asked: Asked, ids: tuple[int, ...], name: str) -> list[str]:
    return [
        link for pmid in ids if (entry := asked.get(pmid)) is not None for link in _LINKS[name](asked, entry)
    ]


def _cited_in(asked: Asked, entry: Entry) -> list[str]:
    return [str(pmid) for pmid in asked.corpus.cited_by.get(entry.pmid, ())]


def _references(asked: Asked, entry: Entry) -> list[str]:
    return [str(pmid) for pmid in entry.references if pmid in asked.corpus.pmids]


def _in_pmc(_asked: Asked, entry: Entry) -> list[str]:
    return [entry.pmc] if entry.pmc else []


def _similar(asked: Asked, entry: Entry) -> list[str]:
    """The record itself, as NCBI has it, then those that share most references and headings with it."""
    likeness: Counter[int] = Counter()
    for cited in entry.references:
        likeness.update(asked.corpus.cited_by.get(cited, ()))
    headings = frozenset(entry.mesh)
    for other in asked.corpus.entries if headings else ():
        shared = len(headings.intersection(other.mesh))
        if shared:
            likeness[other.pmid] += shared
    del likeness[entry.pmid]
    ranked = sorted(likeness, key=lambda pmid: (-likeness[pmid], -pmid))
    return [str(pmid) for pmid in (entry.pmid, *ranked[:_MOST_SIMILAR])]


_LINKS: dict[str, Callable[[Asked, Entry], list[str]]] = {
    "pubmed_pubmed": _similar,
    "pubmed_pubmed_citedin": _cited_in,
    "pubmed_pubmed_refs": _references,
    "pubmed_pmc": _in_pmc,
}


def _target(name: str) -> str:
    return name.split("_")[1]


def _as_json(one: _LinkSet) -> dict[str, object]:
    told: dict[str, object] = {"dbfrom": "pubmed", "ids": [str(pmid) for pmid in one.ids]}
    if one.links:
        told["linksetdbs"] = [
            {"dbto": _target(name), "linkname": name, "links": found} for name, found in one.links
        ]
    return told


def _as_xml(one: _LinkSet) -> str:
    found = "".join(
        f"\n    <LinkSetDb>\n      <DbTo>{_target(name)}</DbTo>\n      <LinkName>{name}</LinkName>"
        + "".join(f"\n      <Link><Id>{link}</Id></Link>" for link in links)
        + "\n    </LinkSetDb>"
        for name, links in one.links
    )
    ids = elements("Id", one.ids)
    return f"\n  <LinkSet>\n    <DbFrom>pubmed</DbFrom>\n    <IdList>{ids}</IdList>{found}\n  </LinkSet>\n"
