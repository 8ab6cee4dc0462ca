"""Writes a first model from what a portal has: its stages, its forms with GUIDs, its select properties."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.protocol import PropertyInfo, SeenForm

_BOTTOM = (
    "demo",
    "quote",
    "contact",
    "pricing",
    "price",
    "trial",
    "sales",
    "angebot",
    "kontakt",
    "devis",
    "cotización",
)
_MIDDLE = ("webinar", "guide", "event", "workshop", "case study", "leitfaden")
_USEFUL = ("industry", "numemployees", "hs_analytics_source", "hs_lead_status", "hs_persona", "hs_seniority", "hs_role")
_OPTIONS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Portal:
    """What the model is written from. `stages` are (value, label) pairs in the portal's order, lowest first."""

    name: str
    forms: Sequence[SeenForm]
    stages: Sequence[tuple[str, str]]
    contact: Sequence[PropertyInfo]
    company: Sequence[PropertyInfo]


def first_model(portal: Portal) -> str:
    """YAML text with comments that loads as it is. Forms stand by GUID, so that renaming one breaks nothing."""
    lines = [*_head(portal), *_fields(portal), *_fit(portal), *_engagement(portal), *_stages(portal)]
    return "\n".join(lines) + "\n"


def _head(portal: Portal) -> Iterator[str]:
    yield f"# A first model, written from the portal {_plain(portal.name)}."
    yield "# It runs as it is; every number is yours to change."
    yield "# leadscore model check FILE shows faults and oddities, leadscore plan shows whom a change would move."
    yield "name: first"
    yield ""


def _fields(portal: Portal) -> Iterator[str]:
    companies = {info.name for info in portal.company}
    yield "# Our word for a fact, its type, and where HubSpot keeps it; of a list the first that has a value counts."
    yield "fields:"
    yield "  email: {type: email, hubspot: email}"
    yield "  title: {type: text, hubspot: jobtitle}"
    size = "[company.numberofemployees, numemployees]" if "numberofemployees" in companies else "numemployees"
    yield f"  employees: {{type: number, hubspot: {size}}}"
    industry = "[company.industry, industry]" if "industry" in companies else "industry"
    yield f"  industry: {{type: text, hubspot: {industry}}}"
    yield "  country: {type: country, hubspot: country}"
    yield "  opted_out: {type: flag, hubspot: hs_email_optout}"
    yield from _selects(portal)
    yield ""


def _selects(portal: Portal) -> Iterator[str]:
    """Select properties that often matter, and the portal's own ones, as comments ready to be used."""
    selects = [info for info in (*portal.contact, *portal.company) if info.type == "enumeration" and info.options]
    own = [info for info in selects if not info.name.startswith("hs_") and not info.read_only]
    chosen = [info for info in selects if info.name in _USEFUL] + [info for info in own if info.name not in _USEFUL]
    for info in chosen[:12]:
        if info.name in ("lifecyclestage", "numemployees"):
            continue
        place = info.name if info.object == "contact" else f"{info.object}.{info.name}"
        shown = ", ".join(_plain(value) for value, _label in info.options[:_OPTIONS_SHOWN])
        more = ", ..." if len(info.options) > _OPTIONS_SHOWN else ""
        yield f"  # {info.name}: {{type: text, hubspot: {place}}}    # {_plain(info.label)}: {shown}{more}"


def _fit(portal: Portal) -> Iterator[str]:
    yield "scores:"
    yield "  fit:                                   # who they are"
    yield "    limit: {min: -100, max: 60}"
    yield "    groups:"
    yield "      - name: Role"
    yield "        limit: {max: 20}"
    yield "        rules:"
    yield "          - name: Decision maker"
    yield "            when:"
    yield "              title: {words: [ceo, cto, cfo, vp, vice president, owner, founder, director]}"
    yield "              not: {title: {words: [assistant]}}"
    yield "            points: 20"
    yield "          - name: Manager"
    yield "            when: {title: {words: [manager, lead, head]}}"
    yield "            points: 10"
    yield "      - name: Company"
    yield "        rules:"
    industries = next((info.options for info in portal.company if info.name == "industry"), ())
    if industries:
        some = ", ".join(json.dumps(value) for value, _label in industries[:3])
        yield "          - name: Industry we know        # put yours here; `leadscore fields` lists all"
        yield f"            when: {{industry: {{in: [{some}]}}}}"
        yield "            points: 15"
    yield "          - name: Right size"
    yield "            when: {employees: {between: [50, 500]}}"
    yield "            points: 15"
    yield "      - name: Not a buyer"
    yield "        rules:"
    yield "          - name: Free mail address"
    yield "            when: {email: {domain: free}}"
    yield "            points: -15"
    yield "          - name: Opted out of all mail"
    yield "            when: {opted_out: true}"
    yield "            points: -40"


def _engagement(portal: Portal) -> Iterator[str]:
    yield "  engagement:                            # what they do"
    yield "    limit: {min: -50, max: 100}"
    yield "    groups:"
    bottom = [form for form in portal.forms if _speaks_of(form, _BOTTOM)]
    middle = [form for form in portal.forms if form not in bottom and _speaks_of(form, _MIDDLE)]
    top = [form for form in portal.forms if form not in bottom and form not in middle]
    kinds = (
        ("Asked for us", bottom, 50, "count: once", "decay: {lose: 50%, every: 60 days}"),
        ("Wants to learn", middle, 15, "count: {once_per: form}", "decay: {half_life: 90 days}"),
        ("First interest", top, 5, "count: {once_per: form}", "within: 180 days"),
    )
    if portal.forms:
        yield "      - name: Forms                      # by GUID, so that renaming a form breaks nothing"
        yield "        rules:"
    for name, forms, points, count, fade in kinds:
        if forms:
            yield f"          - name: {name}"
            yield "            on: form_submission"
            yield "            where:"
            yield "              form:"
            yield "                in:"
            for form in forms:
                yield f"                  - {json.dumps(form.id)}    # {_plain(form.name)}"
            yield f"            points: {points}"
            yield f"            {count}"
            yield f"            {fade}"
    yield "      - name: Pages"
    yield "        limit: {max: 40}"
    yield "        rules:"
    yield "          - name: Pricing page"
    yield "            on: page_view"
    yield '            where: {url: {path: "/pricing*"}}'
    yield "            points: 15"
    yield "            limit: {max: 30}"
    yield "            within: 30 days"
    yield "            decay: {half_life: 14 days}"
    yield "      - name: Silence"
    yield "        rules:"
    yield "          - name: Silent"
    yield "            on: [form_submission, page_view]"
    yield "            last: {older_than: 120 days}"
    yield "            points: -10"
    yield ""
    yield "bands: {cold: null, warm: 35, hot: 65}"
    yield "grade:"
    yield "  letter: {of: fit, A: 35, B: 15, C: null}"
    yield "  digit: {of: engagement, 1: 50, 2: 20, 3: null}"
    yield ""


def _stages(portal: Portal) -> Iterator[str]:
    values = [value for value, _label in portal.stages]
    mql, sql = "marketingqualifiedlead", "salesqualifiedlead"
    if mql not in values or sql not in values:
        yield "# This portal has stages of its own; name two of them under `enter` to let scores show a stage:"
        for value, label in portal.stages:
            yield f"#   {_plain(value)}: {_plain(label)}"
        return
    words = {mql: "mql", sql: "sql"}
    names = {value: words.get(value, _word(label or value)) for value, label in portal.stages}
    yield "lifecycle:"
    yield "  mode: observe                          # shows stages, writes none"
    yield "  field: {hubspot: lifecyclestage}"
    yield "  stages:                                # in the portal's own order, lowest first"
    for value, label in portal.stages:
        yield f"    {json.dumps(names[value])}: {{hubspot: {json.dumps(value)}}}    # {_plain(label)}"
    yield "  enter:                                 # highest first; the first that holds"
    yield "    - {stage: sql, when: {total: {at_least: 65}}}"
    yield "    - {stage: mql, when: {total: {at_least: 35}}}"
    after = [names[value] for value in values[values.index(sql) + 1 :] if names[value] in ("opportunity", "customer")]
    if after:
        yield f"  never_leave: [{', '.join(json.dumps(name) for name in after)}]"
    yield "  exclude: {opted_out: true}"
    yield ""
    yield "feedback:                                # the field that sales fills in"
    yield "  field: {hubspot: leadscore_feedback}"
    yield "  answers:"
    yield '    - {answer: true_sql, label: "True SQL: ready for sales"}'
    yield '    - {answer: not_ready, label: "MQL: not ready for sales", drop_to: mql}'
    held = json.dumps(names[values[0]])
    yield f'    - {{answer: unqualified, label: "Unqualified: do not nurture", points: -100, hold: {held}}}'
    yield ""
    yield "notify:                                  # a task for the owner, as soon as `mode` is write"
    yield '  - {on: {enters: sql}, by: crm_task, text: "{name} of {company} is ready for sales: {reason}"}'


def _speaks_of(form: SeenForm, words: Sequence[str]) -> bool:
    return any(word in form.name.casefold() for word in words)


def _word(text: str) -> str:
    word = "".join(char if char.isalnum() else "_" for char in text.casefold()).strip("_")
    return word or "stage"


def _plain(text: str) -> str:
    """Text of the portal on one line, fit for a comment."""
    return " ".join(text.split()).replace("#", "")
