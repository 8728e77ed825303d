"""A list of examples, one line each with a number beside it."""

from pages.components.base.assets import component

EXCERPTS = component(__file__, "excerpts", html='<ol></ol><div id="tip" role="tooltip"></div>')
