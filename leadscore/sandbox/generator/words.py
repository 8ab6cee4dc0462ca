"""The vocabulary of the generated portal: names, job titles, companies, pages, in several languages."""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """`spellings` are what people write; the first is the usual one."""

    code: str
    spellings: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    suffixes: tuple[str, ...]
    free_mail: tuple[str, ...]
    city: str
    language: str


COUNTRIES: tuple[tuple[int, Country], ...] = (
    (34, Country("US", ("United States", "USA", "US", "United States of America", "united states"),
        ("James", "Maria", "Robert", "Linda", "Aisha", "Kevin", "Emily", "Tyrone", "Grace", "Luis", "Priya"),
        ("Smith", "Johnson", "Nguyen", "Garcia", "Brown", "Patel", "Miller", "O'Neill", "Lee", "Kowalski"),
        ("Inc", "LLC", "Corp", ""), ("gmail.com", "yahoo.com", "outlook.com", "aol.com"), "Austin", "en")),
    (14, Country("GB", ("United Kingdom", "UK", "Great Britain", "GB", "England"),
        ("Oliver", "Amelia", "Harry", "Sophie", "Imran", "Freya", "Callum", "Niamh"),
        ("Taylor", "Davies", "Evans", "Khan", "Wright", "Walker", "MacDonald", "Hughes"),
        ("Ltd", "plc", "LLP"), ("gmail.com", "hotmail.co.uk", "btinternet.com"), "Leeds", "en")),
    (7, Country("CA", ("Canada", "CA", "canada"),
        ("Liam", "Chloé", "Noah", "Zoe", "Mathieu", "Harpreet"),
        ("Tremblay", "Roy", "Singh", "Campbell", "Gagnon", "Martin"),
        ("Inc", "Ltée"), ("gmail.com", "yahoo.ca"), "Toronto", "en")),
    (16, Country("DE", ("Germany", "Deutschland", "DE", "germany"),
        ("Jürgen", "Sabine", "Lukas", "Anja", "Florian", "Björn", "Käthe", "Mehmet"),
        ("Müller", "Schmidt", "Schröder", "Weiß", "Yılmaz", "Fischer", "Großmann", "Becker"),
        ("GmbH", "AG", "GmbH & Co. KG"), ("gmx.de", "web.de", "gmail.com", "t-online.de"), "Köln", "de")),
    (9, Country("FR", ("France", "FR", "france"),
        ("François", "Camille", "Benoît", "Élodie", "Thierry", "Inès"),
        ("Lefèvre", "Dubois", "Moreau", "Nguyen", "D'Angelo", "Bernard"),
        ("SAS", "SARL", "SA"), ("orange.fr", "gmail.com", "free.fr", "laposte.net"), "Lyon", "fr")),
    (8, Country("ES", ("Spain", "España", "ES"),
        ("José", "Lucía", "Iñaki", "María José", "Álvaro", "Núria"),
        ("García", "Muñoz", "Fernández", "Ibáñez", "López", "Peña"),
        ("S.L.", "S.A."), ("gmail.com", "hotmail.es"), "Sevilla", "es")),
    (6, Country("JP", ("Japan", "日本", "JP"),
        ("健", "美咲", "Hiroshi", "陽子", "Kenta", "さくら"),
        ("佐藤", "鈴木", "Tanaka", "高橋", "Watanabe", "伊藤"),
        ("株式会社", "K.K."), ("yahoo.co.jp", "gmail.com"), "大阪", "ja")),
    (6, Country("IN", ("India", "IN", "india"),
        ("Arjun", "Ananya", "Rahul", "Deepika", "Vikram", "Meera"),
        ("Sharma", "Reddy", "Iyer", "Das", "Chatterjee", "Gupta"),
        ("Pvt Ltd", "Ltd"), ("gmail.com", "rediffmail.com"), "Pune", "en")),
)  # fmt: skip

EXECUTIVE, MANAGER, STAFF, STUDENT = "executive", "manager", "staff", "student"
TITLES: dict[str, dict[str, tuple[str, ...]]] = {
    EXECUTIVE: {
        "en": ("CEO", "Chief Executive Officer", "VP Sales", "VP, Operations", "Founder & CEO", "Owner", "CTO", "CFO",
               "Vice-President Engineering", "co-founder", "Managing Director", "SVP Delivery", "C.E.O."),
        "de": ("Geschäftsführer", "Geschäftsführerin", "Vorstand", "Inhaber", "CEO / Geschäftsführung", "Prokurist"),
        "fr": ("Directeur général", "Directrice Générale", "PDG", "Président", "Gérant", "VP Opérations"),
        "es": ("Director General", "Directora Ejecutiva", "Fundador", "Dueño", "CEO y fundadora"),
        "ja": ("代表取締役", "社長", "最高経営責任者", "ＣＥＯ", "取締役"),
    },
    MANAGER: {
        "en": ("Marketing Manager", "Project Manager", "Head of Delivery", "Team Lead", "PMO Lead",
               "Operations manager",
               "IT Manager", "Head of Product", "Programme Manager", "sr. project manager", "Engineering Manager"),
        "de": ("Projektleiter", "Leiterin Marketing", "Abteilungsleiter IT", "Teamleitung", "Bereichsleiter Einkauf"),
        "fr": ("Chef de projet", "Responsable marketing", "Responsable des opérations", "Directeur de projet"),
        "es": ("Jefe de Proyecto", "Responsable de Marketing", "Gerente de Operaciones", "Coordinadora"),
        "ja": ("部長", "課長", "プロジェクトマネージャー", "ＩＴマネージャー"),
    },
    STAFF: {
        "en": ("Software Engineer", "Consultant", "Product Owner", "Assistant to the CEO", "Account Executive",
               "Analyst", "Office administrator", "Designer", "Buyer", "Accountant", "Executive Assistant",
               "Owner Relations Rep"),
        "de": ("Sachbearbeiter", "Assistentin der Geschäftsführung", "Entwickler", "Einkäuferin", "Berater"),
        "fr": ("Ingénieur logiciel", "Assistante de direction", "Consultante", "Comptable"),
        "es": ("Ingeniera de software", "Asistente de dirección", "Analista", "Consultor"),
        "ja": ("エンジニア", "営業", "秘書", "担当"),
    },
    STUDENT: {
        "en": ("Student", "Intern", "PhD student", "Working student", "Trainee"),
        "de": ("Student", "Praktikantin", "Werkstudent", "Azubi"),
        "fr": ("Étudiant", "Stagiaire"),
        "es": ("Estudiante", "Becaria"),
        "ja": ("学生", "インターン"),
    },
}  # fmt: skip

HOME_MARKETS = frozenset({"US", "GB", "CA"})
TECHNOLOGY = frozenset({"COMPUTER_SOFTWARE", "INFORMATION_TECHNOLOGY_AND_SERVICES", "INTERNET"})
INDUSTRY_WEIGHTS: tuple[tuple[str, int], ...] = (
    ("COMPUTER_SOFTWARE", 18), ("INFORMATION_TECHNOLOGY_AND_SERVICES", 12), ("INTERNET", 5),
    ("MANAGEMENT_CONSULTING", 9), ("CONSTRUCTION", 7), ("FINANCIAL_SERVICES", 6), ("MARKETING_AND_ADVERTISING", 7),
    ("MACHINERY", 5), ("RETAIL", 5), ("HOSPITAL_HEALTH_CARE", 4), ("HIGHER_EDUCATION", 4), ("LEGAL_SERVICES", 3),
    ("LOGISTICS_AND_SUPPLY_CHAIN", 4), ("INSURANCE", 3), ("ARCHITECTURE_PLANNING", 3), ("PUBLISHING", 2),
    ("GOVERNMENT_ADMINISTRATION", 2), ("RESTAURANTS", 1),
)  # fmt: skip
FREE_TEXT_INDUSTRY = {
    "COMPUTER_SOFTWARE": ("Technology", "Software", "SaaS", "Computer Software", "technology "),
    "INFORMATION_TECHNOLOGY_AND_SERVICES": ("IT services", "Technology", "Informationstechnik"),
    "CONSTRUCTION": ("Construction", "Bau", "Bâtiment"),
}

COMPANY_HEADS = (
    "Northwind", "Bluepeak", "Kestrel", "Aurora", "Ironwood", "Harbor", "Lumen", "Quartz", "Sable", "Tidewater",
    "Vanguard", "Willow", "Zephyr", "Copper", "Delta", "Ember", "Fjord", "Granite", "Hazel", "Indigo", "Juniper",
    "Krypton", "Linden", "Meridian", "Nimbus", "Orchard", "Pioneer", "Rowan", "Summit", "Thistle", "Umber", "Vesper",
)  # fmt: skip
COMPANY_TAILS = (
    "Labs", "Systems", "Logistics", "Partners", "Works", "Software", "Analytics", "Foods", "Energy", "Consulting",
    "Design", "Robotics", "Health", "Media", "Builders", "Insurance", "Data", "Motors", "Textiles", "Studios",
)  # fmt: skip
DISPOSABLE = ("mailinator.com", "guerrillamail.com", "yopmail.com", "10minutemail.com")
OURSELVES, RIVAL = "ourselves.example.com", "rival.example.com"
INTERESTS = ("Planning", "Resourcing", "Billing", "Time tracking", "Reporting")

SITE = "https://www.example.com"
PRICING = ("/pricing", "/pricing?plan=team", "/pricing?utm_source=linkedin&utm_medium=cpc", "/pricing/enterprise")
CASES = ("/customers/northwind", "/customers/kestrel-systems", "/customers/fjord", "/customers/harbor-foods")
CAREERS = ("/careers", "/careers/intern", "/careers/engineer?ref=jobboard")
READING = (
    "/", "/product", "/product/planning", "/product/resourcing", "/product/billing", "/about", "/blog",
    "/blog/gantt-charts", "/blog/estimating?utm_source=newsletter&utm_medium=email", "/blog/remote-teams",
    "/blog/caf%C3%A9-culture", "/integrations", "/security", "/resources",
)  # fmt: skip
LANDINGS = (
    "/", "/blog/gantt-charts?utm_source=google&utm_medium=organic", "/?utm_source=linkedin&utm_campaign=q3",
    "/product?gclid=abc123", "/?utm_source=partner-directory", "/blog/estimating",
)  # fmt: skip
REFERRERS = ("", "https://www.google.com/", "https://partners.example.org/tools", "https://news.example.net/a?id=7", "")
MESSAGES = (
    "Please call me about a team plan", "Wir suchen ein Werkzeug für 80 Leute", "Need pricing for 120 seats 🙏",
    "Peut-on avoir une démo en français ?", "見積もりをお願いします", "Do you integrate with our ERP?",
    "Demo next week?",
)  # fmt: skip
SPAM_MESSAGES = (
    "We offer SEO services and backlinks at a good price", "Guest post on your blog? High DA backlinks",
    "Rank #1 with our SEO services!!! 🚀", "Interested in a guest post exchange",
)  # fmt: skip
