"""What the shop sells: some 300 made-up products in a category tree.

The table reads like a price list: a line with `#` opens a category and names its brand; under it stand the products,
each with its variants, and a price in crowns; after a slash, for how many days the pack lasts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from retention_cli.app.demo_shop.names import ascii_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.app.demo_shop.chance import Chance

SHOP = "https://www.uveverky.example"
IPHONE = "Elektronika/Telefony/iPhones"

PRICE_LIST = """
# Dům a zahrada/Nádobí: Kamna
Hrnec s poklicí: 16 cm 690, 20 cm 790, 24 cm 920
Pánev s nepřilnavým povrchem: 20 cm 590, 24 cm 690, 28 cm 840
Litinový pekáč: 3 l 1490, 5 l 1990
Smaltovaný hrnek: modrý 189, zelený 189, bílý 179
Rendlík s výlevkou: 1 l 450, 1,5 l 520
Konvice na čaj se sítkem: 0,8 l 640, 1,2 l 760
# Dům a zahrada/Keramika: Hlína a oheň
Miska na polévku: krémová 249, břidlicová 249, lesní zeleň 269
Talíř mělký: 22 cm 229, 26 cm 279
Hrnek bez ouška: 200 ml 199, 300 ml 239
Džbán na vodu: 1 l 590, 1,5 l 720
Květináč s podmiskou: 12 cm 210, 18 cm 340, 24 cm 520
Máselnička: krémová 390, břidlicová 390
# Dům a zahrada/Kuchyňské pomůcky: Lípa
Prkénko z dubu: malé 420, velké 690
Vařečka z třešně: 25 cm 95, 30 cm 110
Váleček na těsto: hladký 290, se vzorem 380
Struhadlo na ořechy: ruční 340, stolní 590
Mlýnek na koření: buk 480, ořech 560
Solnička s víčkem: buk 220, ořech 260
# Dům a zahrada/Zahradní nářadí: Zelený palec
Zahradnické nůžky: krátké 390, dlouhé 490
Rýč s jasanovou násadou: dámský 790, pánský 890
Hrábě na listí: pevné 450, skládací 590
Konev zinková: 5 l 620, 9 l 780
Sázecí lopatka: úzká 180, široká 195
Pracovní rukavice: S 149, M 149, L 149
# Dům a zahrada/Semena: Zelený palec
Rajče tyčkové: 20 semen 39/180, 50 semen 79/180
Hrách cukrový: 50 g 45/180, 250 g 149/180
Luční směs: 10 m² 129/365, 50 m² 490/365
Bylinky na parapet: bazalka 35/120, tymián 35/120, meduňka 35/120
Slunečnice: vysoká 42/365, nízká 42/365
# Dům a zahrada/Osvětlení: Světluška
Stolní lampa: bílá 990, olivová 990, hořčicová 1090
Lucerna na terasu: malá 520, velká 740
Světelný řetěz: 5 m 390, 10 m 590
Závěsné svítidlo z lýka: 30 cm 1290, 45 cm 1790
# Dům a zahrada/Bytový textil: Lněnka
Utěrka ze lnu: přírodní 149, modrý proužek 159, červený proužek 159
Ubrus ze lnu: 130 x 130 cm 890, 140 x 220 cm 1390
Povlečení z bavlny: 140 x 200 cm 1290, 200 x 220 cm 2190
Deka z vlny: šedá 1690, hořčicová 1690
Ručník vaflový: 50 x 100 cm 290, 70 x 140 cm 490
# Drogerie/Úklid: Čistá řeka
Prostředek na nádobí: 0,5 l 89/35, 5 l 590/300
Prací gel na barevné: 1 l 179/40, 5 l 749/180
Prací gel na vlnu: 0,5 l 139/60, 1 l 229/110
Univerzální čistič: levandule 99/45, citron 99/45
Tablety do myčky: 30 kusů 229/30, 90 kusů 579/90
Soda na praní: 1 kg 69/60, 3 kg 179/170
# Drogerie/Péče o tělo: Bylinka
Tuhé mýdlo: měsíček 85/40, levandule 85/40, smrk 89/40
Šampon s kopřivou: 250 ml 169/45, 1 l 490/170
Krém na ruce: 75 ml 149/60, 150 ml 239/110
Balzám na rty: včelí vosk 89/90, kakaové máslo 89/90
Sůl do koupele: 500 g 159/50, 1 kg 269/95
# Potraviny/Káva: Pražírna Ořech
Zrnková káva Brazílie: 250 g 229/14, 1 kg 749/50
Zrnková káva Etiopie: 250 g 269/14, 1 kg 890/50
Zrnková káva Kolumbie: 250 g 249/14, 1 kg 820/50
Mletá káva na filtr: 250 g 219/14, 500 g 399/28
Káva bez kofeinu: 250 g 259/20, 500 g 479/40
# Potraviny/Čaj: Čajovna U Mlýna
Zelený čaj sypaný: 50 g 129/25, 150 g 329/75
Černý čaj sypaný: 50 g 119/25, 150 g 299/75
Rooibos s pomerančem: 70 g 115/30, 200 g 279/85
Bylinný čaj na dobrou noc: 40 g 99/30, 120 g 249/90
# Potraviny/Med a džemy: Včela
Med květový: 500 g 139/60, 950 g 239/110
Med lesní: 500 g 169/60, 950 g 289/110
Švestková povidla: 300 g 119/40, 650 g 219/80
Meruňkový džem: 200 g 99/30, 400 g 169/60
Ořechy v medu: 250 g 189/35, 500 g 339/70
# Chovatelské potřeby/Psi: Tlapka
Granule s jehněčím: 3 kg 489/21, 12 kg 1590/80
Granule pro štěňata: 3 kg 529/21, 12 kg 1690/75
Dentální pamlsky: 7 kusů 99/7, 28 kusů 329/28
Vodítko z lana: 1,2 m 290, 1,8 m 340
Pelíšek s okrajem: malý 690, velký 1190
# Chovatelské potřeby/Kočky: Tlapka
Granule s lososem: 2 kg 399/30, 7 kg 1190/100
Kapsičky v omáčce: 12 kusů 239/12, 48 kusů 890/48
Stelivo hrudkující: 5 kg 189/20, 15 kg 490/60
Škrabadlo se sloupkem: nízké 590, vysoké 1290
# Děti/Hračky: Kašpárek
Dřevěné kostky: 30 kusů 490, 60 kusů 790
Vláček s kolejemi: základní 890, velký 1490
Plyšová veverka: malá 290, velká 490
Skládačka z kartonu: hrad 340, maják 340, mlýn 360
Vodové barvy: 12 odstínů 149/180, 24 odstínů 249/180
# Děti/Společenské hry: Kašpárek
Pexeso Zvířata lesa: klasické 149, kapesní 99
Karetní hra Oříšek: základní 249, pro dva 199
Desková hra Po stopách veverky: základní 690, rozšíření 390
Domino ze dřeva: malé 199, velké 390
# Sport/Turistika: Vrchol
Batoh na výlet: 18 l 1290, 28 l 1690
Láhev z nerezu: 0,5 l 390, 0,75 l 450
Ponožky z merina: S 290/270, M 290/270, L 290/270
Čelovka nabíjecí: lehká 690, výkonná 1190
Trekové hole: pevné 990, skládací 1490
# Sport/Kolo: Vrchol
Zvonek na kolo: mosazný 290, černý 240
Brašna na řídítka: 3 l 690, 6 l 890
Světla na kolo: sada 590, přední 390, zadní 290
Nářadí do kapsy: 10 funkcí 390, 18 funkcí 590
# Dům a zahrada/Grilování: Kamna
Kotlík na trojnožce: 10 l 1990, 16 l 2490
Grilovací kleště: 35 cm 290, 45 cm 340
Litinová pánev na oheň: 24 cm 890, 30 cm 1190
Dřevěné uhlí: 3 kg 149/30, 10 kg 390/90
Podpalovač z dřevité vlny: 32 kusů 79/60, 96 kusů 199/180
# Dům a zahrada/Svíčky: Světluška
Svíčka ze včelího vosku: malá 149/20, velká 290/45
Svíčka ve skle: smrk a mech 349/50, jablko a skořice 349/50, levandule 349/50
Čajové svíčky: 24 kusů 159/30, 60 kusů 349/75
Svícen z kameniny: nízký 260, vysoký 340
Vonné tyčinky: cedr 129/40, pomeranč 129/40
# Dům a zahrada/Zavařování: Lípa
Zavařovací sklenice: 6 x 0,7 l 239, 6 x 1 l 279
Víčka na sklenice: 10 kusů 49/120, 50 kusů 199/365
Trychtýř na džem: nerez 190, smalt 240
Lis na ovoce: 3 l 2490, 6 l 3290
# Kancelář/Papír: Sova
Zápisník v plátně: A5 linkovaný 249/120, A5 čistý 249/120, A6 čistý 189/120
Dopisní papír: 20 archů 129/180, 50 archů 259/365
Diář na příští rok: týdenní 329/365, denní 399/365
Plnicí pero: modré 590, černé 590
Inkoust: modrý 119/120, zelený 119/120, sépiový 129/120
# Sport/Zima: Vrchol
Termoska: 0,5 l 490, 1 l 690
Čepice z merina: šedá 490, olivová 490, hořčicová 490
Rukavice z vlny: S 390, M 390, L 390
Sáně z jasanu: pro jednoho 1490, pro dva 1890
# Děti/Pro nejmenší: Kašpárek
Chrastítko z buku: ježek 190, veverka 190
Plenky látkové: 5 kusů 590, 10 kusů 1090
Zavinovačka z mušelínu: krémová 390, šalvějová 390
Kostky z textilu: 6 kusů 450, 9 kusů 620
# Elektronika/Telefony/iPhones: Apple
Apple iPhone 15: 128 GB 15990, 256 GB 18990
Apple iPhone 16: 128 GB 19990, 256 GB 22990
Apple iPhone 17: 256 GB 23990, 512 GB 29990
Apple iPhone 17 Pro: 256 GB 31990, 512 GB 38490
# Elektronika/Telefony/Příslušenství: Apple
Silikonový kryt Apple na iPhone: černý 1290, modrý 1290, pískový 1290
Nabíječka Apple USB-C: 20 W 590, 40 W 1090
Kabel Apple USB-C: 1 m 590, 2 m 790
# Elektronika/Telefony/Android: Rys
Telefon Rys 5: 128 GB 6990, 256 GB 7990
Telefon Rys 5 Plus: 256 GB 10990
Telefon Rys Mini: 64 GB 3990
# Elektronika/Sluchátka: Echo
Bezdrátová sluchátka Echo: bílá 1290, černá 1290
Sluchátka Echo přes uši: černá 2490, krémová 2490
Přenosný reproduktor Echo: malý 990, velký 1990
"""

_COST_SHARE = {"Elektronika": (74, 91), "Potraviny": (54, 76), "Chovatelské potřeby": (56, 80)}
_USUAL_COST_SHARE = (40, 66)
_VARIANT = re.compile(r"\s*(?P<label>.+) (?P<price>\d+)(?:/(?P<days>\d+))?\s*")


@dataclass(frozen=True, slots=True)
class Product:
    """A product; money in whole crowns, `cost` what the shop pays for it. `consumption_days` is 0 for what is not used up."""

    product_id: str
    title: str
    category: str
    brand: str
    price: int
    cost: int
    stock: int
    consumption_days: int
    added_on: date
    url: str

    @property
    def image_url(self) -> str:
        """Its picture."""
        return f"{SHOP}/img/{self.product_id}.jpg"


def catalogue(chance: Chance, today: date) -> tuple[Product, ...]:
    """Return all products, with drawn cost, stock and first day on sale."""
    return tuple(
        Product(
            product_id=f"P{number:04}",
            title=title,
            category=category,
            brand=brand,
            price=price,
            cost=price * chance.whole(*_COST_SHARE.get(category.partition("/")[0], _USUAL_COST_SHARE)) // 100,
            stock=0 if chance.happens(0.06) else chance.whole(3, 180),
            consumption_days=days,
            added_on=today - timedelta(days=chance.whole(5, 300) if chance.happens(0.15) else chance.whole(1100, 1500)),
            url=f"{SHOP}/p/{slug(title)}",
        )
        for number, (category, brand, title, price, days) in enumerate(_lines(), start=1001)
    )


def _lines() -> Iterator[tuple[str, str, str, int, int]]:
    category = brand = ""
    for line in PRICE_LIST.strip().splitlines():
        head, _, rest = line.partition(": ")
        if head.startswith("# "):
            category, brand = head[2:], rest
            continue
        for variant in rest.split(", "):
            yield _variant(category, brand, head, variant)


def _variant(category: str, brand: str, phrase: str, variant: str) -> tuple[str, str, str, int, int]:
    found = _VARIANT.fullmatch(variant)
    if found is None:
        raise ValueError(f"the price list has an unreadable variant: {phrase}: {variant}")
    return category, brand, f"{phrase}, {found['label']}", int(found["price"]), int(found["days"] or 0)


@cache
def slug(title: str) -> str:
    """Return a title as it stands in an address: `Dům a zahrada/Nádobí` → `dum-a-zahrada-nadobi`."""
    return re.sub(r"[^a-z0-9]+", "-", ascii_only(title)).strip("-")
