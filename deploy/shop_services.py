"""What customers of the demonstration and of simulated shops come for, in every language."""

from __future__ import annotations

from typing import Final

from broker.desk.people import LANGUAGES

SERVICES: Final = [
    {"id": name, "letter": letter, "icon": icon, "name": names[0], "names": dict(zip(LANGUAGES, names, strict=True))}
    for letter, name, icon, *names in (
        ("R", "returns", "returns", "Returns and exchange", "Retur og bytte", "Ruilen en retour", "Pulang dan tukar",
         "Atgriešana un maiņa"),
        ("C", "collect", "bag", "Collect an order", "Hente bestilling", "Bestelling afhalen", "Ambil pesanan", "Saņemt pasūtījumu"),
        ("W", "repairs", "wrench", "Repairs", "Reparasjon", "Reparatie", "Pembaikan", "Remonts"),
        ("A", "advice", "advice", "Advice", "Råd og hjelp", "Advies", "Nasihat", "Konsultācija"),
    )
]  # fmt: skip
