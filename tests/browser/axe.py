"""The accessibility rules of axe-core, run on a page as it stands in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOURCE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FURTHER = ("label-content-name-mismatch", "target-size")  # off unless asked for; WCAG 2.5.3 and 2.5.8 ask for them
SHOWN = 3  # places of each fault that are named
RUN = """async ([tags, further]) => {
  const rules = Object.fromEntries(further.map(name => [name, {enabled: true}]));
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, rules, resultTypes: ['violations']});
  return found.violations.map(({id, help, nodes}) => ({id, help, places: nodes.map(node => node.html)}));
}"""


def find_violations(page: Page) -> list[str]:
    """Every rule that the page breaks, with the first places where it does."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    return [
        f"{fault['id']}: {fault['help']}: {len(fault['places'])} × {[html[:200] for html in fault['places'][:SHOWN]]}"
        for fault in page.evaluate(RUN, [TAGS, FURTHER])
    ]
