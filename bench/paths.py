"""Where things of the benchmark lie: sources in git, everything fetched or built beside them in
a cache.
"""

from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
CACHE = BENCH / ".cache"
RESULTS = BENCH / "results"
PUBLISHED = RESULTS / "published.json"
BITE = RESULTS / "bite.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"
