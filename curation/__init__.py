"""livrev: a living systematic review that keeps itself up to date.

Rooms: ``sources`` (the network and export files), ``dedupe``, ``extraction``, ``synthesis``, ``report``,
``store`` (the only SQL), ``tasks`` (one use case a file) and ``cli``. The rules of screening are the
package ``screening``.
"""

__version__ = "0.1.0"
