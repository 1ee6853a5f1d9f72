"""Czech names and towns for made-up customers.

A Czech greeting needs the vocative (`Jana` is greeted as `Jano`), which shops keep as a column of its own; a woman's
surname has a form of its own too. First names carry their vocative where no rule gives it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.app.demo_shop.chance import weighted

if TYPE_CHECKING:
    from retention_cli.app.demo_shop.chance import Chance


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words("""
Marie Jana Eva Anna Hana Věra Lenka Alena Kateřina Petra Lucie Jaroslava Ludmila Helena Jitka Martina Zdeňka Veronika
Jarmila Michaela Ivana Jiřina Monika Tereza Božena Zuzana Vlasta Markéta Marcela Dagmar Dana Libuše Růžena Barbora
Irena Miroslava Kristýna Pavla Olga Andrea Iveta Šárka Pavlína Nikola Blanka Klára Renata Naděžda Gabriela Adéla Radka
Simona Milada Eliška Denisa Daniela Iva Karolína Dominika Vendula Natálie Anežka Aneta Soňa Romana Stanislava Kamila
Sabina Magdaléna Linda Ema Sofie Julie Viktorie Ester Rozálie Tamara Bára
""")

MEN = tuple(
    pair.split(":")
    for pair in _words("""
Jiří:Jiří Jan:Jane Petr:Petře Josef:Josefe Pavel:Pavle Martin:Martine Tomáš:Tomáši Jaroslav:Jaroslave Miroslav:Miroslave
Zdeněk:Zdeňku Václav:Václave Michal:Michale František:Františku Jakub:Jakube Milan:Milane Karel:Karle Lukáš:Lukáši
David:Davide Vladimír:Vladimíre Ladislav:Ladislave Ondřej:Ondřeji Roman:Romane Stanislav:Stanislave Marek:Marku
Radek:Radku Daniel:Danieli Antonín:Antoníne Vojtěch:Vojtěchu Filip:Filipe Adam:Adame Miloslav:Miloslave Matěj:Matěji
Aleš:Aleši Jaromír:Jaromíre Libor:Libore Dominik:Dominiku Patrik:Patriku Vlastimil:Vlastimile Jindřich:Jindřichu
Miloš:Miloši Oldřich:Oldřichu Lubomír:Lubomíre Rudolf:Rudolfe Ivan:Ivane Luboš:Luboši Robert:Roberte Štěpán:Štěpáne
Radim:Radime Richard:Richarde Bohumil:Bohumile Matyáš:Matyáši Vít:Víte Ivo:Ivo Rostislav:Rostislave Dušan:Dušane
Luděk:Luďku Šimon:Šimone Kamil:Kamile Vladislav:Vladislave Bohuslav:Bohuslave Michael:Michaeli Zbyněk:Zbyňku
Viktor:Viktore Dalibor:Dalibore Alois:Aloisi Kryštof:Kryštofe René:René Jáchym:Jáchyme Hynek:Hynku Tadeáš:Tadeáši
Eduard:Eduarde Igor:Igore Samuel:Samueli Otakar:Otakare Vilém:Viléme Kristián:Kristiáne Albert:Alberte Teodor:Teodore
Oliver:Olivere Tobiáš:Tobiáši Mikuláš:Mikuláši Emil:Emile Leoš:Leoši Cyril:Cyrile Erik:Eriku Radovan:Radovane
""")
)

SURNAMES = _words("""
Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Marek Pokorný Pospíšil Hájek Jelínek Král Růžička
Beneš Fiala Sedláček Doležal Zeman Kolář Krejčí Navrátil Čermák Vaněk Urban Kratochvíl Šimek Blažek Kříž Kopecký Kovář
Bartoš Vlček Musil Šťastný Malý Čech Staněk Štěpánek Konečný Mach Adámek Ptáček Hruška Toman Říha Bureš Žák Mašek Soukup
Holub Kadlec Matoušek Tichý Hrubý Havlíček Bílek Janda Dušek Vávra Sýkora Liška Kubát Jírovec Moravec Vondra Zima Pešek
Strnad Hlaváč Kozák Bláha Slavík Tesař Vrba Skála Brož Jaroš Mareš Dostál Pavlík Vašíček Hanák Polák Šebesta Krása
""")

_FEMININE = {"Kadlec": "Kadlecová", "Vaněk": "Vaňková", "Staněk": "Staňková"}

TOWNS: tuple[tuple[str, str, str, int], ...] = (
    ("Praha", "110 00", "CZ", 130), ("Praha", "140 00", "CZ", 80), ("Praha", "190 00", "CZ", 60), ("Brno", "602 00", "CZ", 100),
    ("Ostrava", "702 00", "CZ", 60), ("Plzeň", "301 00", "CZ", 45), ("Liberec", "460 01", "CZ", 30), ("Olomouc", "779 00", "CZ", 35),
    ("České Budějovice", "370 01", "CZ", 30), ("Hradec Králové", "500 02", "CZ", 28), ("Ústí nad Labem", "400 01", "CZ", 20),
    ("Pardubice", "530 02", "CZ", 26), ("Zlín", "760 01", "CZ", 25), ("Kladno", "272 01", "CZ", 18), ("Opava", "746 01", "CZ", 16),
    ("Jihlava", "586 01", "CZ", 18), ("Karlovy Vary", "360 01", "CZ", 14), ("Mladá Boleslav", "293 01", "CZ", 16),
    ("Prostějov", "796 01", "CZ", 13), ("Třebíč", "674 01", "CZ", 11), ("Znojmo", "669 02", "CZ", 10), ("Tábor", "390 01", "CZ", 11),
    ("Kolín", "280 02", "CZ", 11), ("Příbram", "261 01", "CZ", 10), ("Písek", "397 01", "CZ", 9), ("Trutnov", "541 01", "CZ", 9),
    ("Kroměříž", "767 01", "CZ", 9), ("Šumperk", "787 01", "CZ", 8), ("Uherské Hradiště", "686 01", "CZ", 9), ("Cheb", "350 02", "CZ", 8),
    ("Bratislava", "811 01", "SK", 18), ("Košice", "040 01", "SK", 9),
)  # fmt: skip
_TOWNS = weighted({(city, code, country): weight for city, code, country, weight in TOWNS})


@dataclass(frozen=True, slots=True)
class Person:
    """Who a customer says to be; empty texts are what the customer left out."""

    first_name: str
    last_name: str
    salutation: str
    gender: str


def feminine(surname: str) -> str:
    """Return a surname as a woman bears it: Novák → Nováková, Novotný → Novotná, Hájek → Hájková."""
    if surname in _FEMININE:
        return _FEMININE[surname]
    if surname.endswith("í"):
        return surname
    if surname.endswith("ý"):
        return surname[:-1] + "á"
    if surname.endswith(("ek", "ec")):
        return surname[:-2] + surname[-1] + "ová"
    return surname.removesuffix("a") + "ová"


def person(chance: Chance) -> Person:
    """Draw a name; a few people gave none."""
    if chance.happens(0.03):
        return Person("", "", "", "")
    surname = chance.pick(SURNAMES)
    if chance.happens(0.58):
        first = chance.pick(WOMEN)
        return Person(first, feminine(surname), first[:-1] + "o" if first.endswith("a") else first, "female")
    first, salutation = chance.pick(MEN)
    return Person(first, surname, salutation, "male")


def town(chance: Chance) -> tuple[str, str, str]:
    """Draw where somebody lives: city, postal code, country."""
    return chance.pick(_TOWNS)


def ascii_only(text: str) -> str:
    """Return text without diacritics, in small letters: `Nováková` → `novakova`."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
