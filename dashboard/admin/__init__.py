"""The office: one page a module, each with its template in templates/admin and its entry in `office.LEFT`."""

from __future__ import annotations

from dashboard.admin import audit as audit
from dashboard.admin import counters as counters
from dashboard.admin import devices as devices
from dashboard.admin import file as file
from dashboard.admin import health as health
from dashboard.admin import history as history
from dashboard.admin import integrations as integrations
from dashboard.admin import opening as opening
from dashboard.admin import people as people
from dashboard.admin import privacy as privacy
from dashboard.admin import screens as screens
from dashboard.admin import services as services
from dashboard.admin import shop as shop
from dashboard.admin import sound as sound
from dashboard.admin import standards as standards
from dashboard.admin import texts as texts
from dashboard.admin.office import bp as bp
