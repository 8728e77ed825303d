"""Sources of an atlas's examples: a document's first position, group and name."""

from pathlib import Path

from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.documents_schema import DOCUMENTS
from precompute.write.arrays import save


def write_documents(folder: Path, documents: DocumentTable) -> None:
    """Write the arrays of `documents/`."""
    columns = documents.columns()
    for spec in DOCUMENTS:
        save(folder, spec, columns[Path(spec.file).stem])
