"""Atlases from elsewhere: named by a source, fetched once, verified, cached. All network access is through requests.

source      kinds of source: hf://owner/name, an https archive, a folder
web         one request: allowed addresses, redirects, the hub's token
retries     trying again, with growing waits
download    one file, resumed where it was cut off
parallel    several files at once
hub         an atlas on the Hugging Face hub, file by file
archives    an atlas in one file
disk_space  free disk, and the most that may be fetched
cache       the folder of fetched atlases
fetch       a source becomes a folder
fetcher     the same in the background, for pages that never wait
"""
