"""Where a SARIF location lies: its file, with bases and artifact indices followed, else its name in the program."""

from __future__ import annotations

from collections.abc import Iterable

from clearance.readers.places import Bases
from clearance.readers.sarif_format import ArtifactLocation, Location, LogicalLocation, Run

Place = tuple[str | None, str | None]
"""(path relative to the repository, resource): one of them, or neither."""

NOWHERE: Place = (None, None)
# By custom the repository's root: the standard's examples, Trivy (ROOTPATH), PHPStan (WORKINGDIR).
_HOMES = frozenset({"%SRCROOT%", "SRCROOT", "PROJECTROOT", "REPOROOT", "ROOTPATH", "WORKINGDIR"})


class Places:
    """Tells where the locations of one run lie; each file is worked out once."""

    def __init__(self, run: Run, root: str) -> None:
        self._artifacts = run.artifacts or []
        self._logical = run.logical_locations or []
        mapped = [entry.mapped_to for entry in run.version_control_provenance or ()]
        sole = mapped[0] if len(mapped) == 1 else None
        homes = _HOMES | {sole.uri_base_id} if sole is not None and sole.uri_base_id and not sole.uri else _HOMES
        bases = {name: (base.uri, base.uri_base_id) for name, base in (run.original_uri_base_ids or {}).items()}
        self._bases = Bases(root, bases, frozenset(homes))
        self._known: dict[tuple[str | None, str | None, int | None], Place] = {}

    def of(self, location: Location) -> Place:
        """Return the place of a location: its file, else what it is called in the program or the configuration."""
        physical = location.physical_location
        named = physical.artifact_location if physical is not None else None
        if named is not None:
            place = self._file(named)
            if place is not NOWHERE:
                return place
        return self._logical_place(location.logical_locations) if location.logical_locations else NOWHERE

    def listed(self) -> list[Place]:
        """Return the places of the artifacts that the run says it analysed; none where it does not say."""
        roles = any(artifact.roles for artifact in self._artifacts)
        analysed = [
            artifact.location
            for artifact in self._artifacts
            if artifact.location is not None and (not roles or "analysisTarget" in (artifact.roles or ()))
        ]
        return [place for place in map(self._file, analysed) if place is not NOWHERE]

    def _file(self, named: ArtifactLocation) -> Place:
        key = (named.uri, named.uri_base_id, named.index)
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = self._resolved(*key)
        return place

    def _resolved(self, uri: str | None, base: str | None, index: int | None) -> Place:
        if not uri and index is not None and 0 <= index < len(self._artifacts):
            shared = self._artifacts[index].location
            uri, base = (shared.uri, shared.uri_base_id) if shared is not None else (None, None)
        return self._bases.place(uri, base) if uri else NOWHERE

    def _logical_place(self, locations: Iterable[LogicalLocation]) -> Place:
        for logical in locations:
            index = logical.index
            shared = self._logical[index] if index is not None and 0 <= index < len(self._logical) else logical
            name = logical.fully_qualified_name or shared.fully_qualified_name or logical.name or shared.name
            if name:
                return None, name
        return NOWHERE
