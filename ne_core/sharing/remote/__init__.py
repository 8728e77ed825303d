"""An atlas from elsewhere: named by a source, fetched once, verified, kept; requests alone speaks to the network.

source     what a source is: hf://owner/name, an https archive, a folder
web        one request: which addresses are allowed, redirects, the hub's token
patience   trying again, with growing waits
download   one file, resumed where it was cut off
together   several files at once
hub        an atlas on the Hugging Face hub, file by file
archives   an atlas in one file
room       free disk, and the most that may be fetched
cache      where fetched atlases are kept
fetch      a source becomes a folder
fetcher    the same in the background, for pages that never wait
"""
