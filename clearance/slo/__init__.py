"""The SLO file: OpenSLO v1, strictly, to the service levels that a load run is measured against; pure.

Source: the OpenSLO specification, version v1 (https://github.com/OpenSLO/OpenSLO).
"""

from __future__ import annotations

from clearance.slo.levels import Indicator, Level, ServiceLevels, Validity
from clearance.slo.meaning import parse
from clearance.slo.shape import schema

__all__ = ["Indicator", "Level", "ServiceLevels", "Validity", "parse", "schema"]
