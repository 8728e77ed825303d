"""Durations and byte counts as text."""


def duration(seconds: float) -> str:
    """Format seconds: “2.1 s”, “3 min 04 s”, “5 h 06 min”."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def millions(n_bytes: int | float) -> str:
    """Format bytes as megabytes without a unit: “0.3”, “17.2”, “1,204”."""
    amount = n_bytes / 10**6
    return f"{amount:.1f}" if amount < 100 else f"{amount:,.0f}"


def megabytes(size: int) -> str:
    """Format bytes with their unit: “81.4 kB”, “17.2 MB”."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
