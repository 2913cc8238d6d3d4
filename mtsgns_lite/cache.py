"""One place for files that can be made or fetched again."""

from pathlib import Path


def cache_folder(part: str) -> Path:
    """The folder `part` in the user's cache folder, made by whoever writes to it; it may be deleted at any time."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("mtsgns_lite", appauthor=False)) / part
