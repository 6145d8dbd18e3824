-- Generated from src/jumelage/database/models.py and schema/views by `make docs`; change those, not this.
-- The schema on PostgreSQL; DuckDB has it without foreign keys.

create schema survey;

CREATE TABLE survey.actions (
    code TEXT NOT NULL,
    parent_code TEXT,
    position INTEGER NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    CONSTRAINT pk_actions PRIMARY KEY (code),
    CONSTRAINT fk_actions_parent_code FOREIGN KEY(parent_code) REFERENCES survey.actions (code)
);
COMMENT ON TABLE survey.actions IS 'Kinds of action, with the survey''s themes under their parents.';
COMMENT ON COLUMN survey.actions.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.actions.parent_code IS 'Code that this one is a kind of: a yes to it is a yes to the parent.';
COMMENT ON COLUMN survey.actions.position IS 'Order in lists and reports.';
COMMENT ON COLUMN survey.actions.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.actions.label_en IS 'Label in English.';

CREATE TABLE survey.answer_codes (
    list TEXT NOT NULL,
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    CONSTRAINT pk_answer_codes PRIMARY KEY (list, code)
);
COMMENT ON TABLE survey.answer_codes IS 'Answers of closed questions, with their labels.';
COMMENT ON COLUMN survey.answer_codes.list IS 'answers, responses (outcome of the contact), no_date (why no date is known) or yes_no.';
COMMENT ON COLUMN survey.answer_codes.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.answer_codes.position IS 'Order in lists.';
COMMENT ON COLUMN survey.answer_codes.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.answer_codes.label_en IS 'Label in English.';

CREATE TABLE survey.countries (
    code TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    state_since DATE,
    part_of TEXT,
    CONSTRAINT pk_countries PRIMARY KEY (code),
    CONSTRAINT fk_countries_part_of FOREIGN KEY(part_of) REFERENCES survey.countries (code)
);
COMMENT ON TABLE survey.countries IS 'Countries: ISO 3166-1 alpha-2, and XK.';
COMMENT ON COLUMN survey.countries.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.countries.sort_key IS 'French alphabetical order: letters and digits of the French label.';
COMMENT ON COLUMN survey.countries.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.countries.label_en IS 'Label in English.';
COMMENT ON COLUMN survey.countries.state_since IS 'Day from which the state exists, where that is after 1900 and certain.';
COMMENT ON COLUMN survey.countries.part_of IS 'Country that it is part of, though it has a code of its own.';

CREATE TABLE survey.difficulties (
    code TEXT NOT NULL,
    parent_code TEXT,
    position INTEGER NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    CONSTRAINT pk_difficulties PRIMARY KEY (code),
    CONSTRAINT fk_difficulties_parent_code FOREIGN KEY(parent_code) REFERENCES survey.difficulties (code)
);
COMMENT ON TABLE survey.difficulties IS 'Difficulties met, with details under their parents.';
COMMENT ON COLUMN survey.difficulties.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.difficulties.parent_code IS 'Code that this one is a kind of: a yes to it is a yes to the parent.';
COMMENT ON COLUMN survey.difficulties.position IS 'Order in lists and reports.';
COMMENT ON COLUMN survey.difficulties.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.difficulties.label_en IS 'Label in English.';

CREATE TABLE survey.installed (
    part TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_installed PRIMARY KEY (part)
);
COMMENT ON TABLE survey.installed IS 'What migrate has put into this database besides tables.';
COMMENT ON COLUMN survey.installed.part IS 'code_lists or views.';
COMMENT ON COLUMN survey.installed.hash IS 'SHA-256 of its files.';

CREATE TABLE survey.registers (
    list TEXT NOT NULL,
    source TEXT NOT NULL,
    as_of DATE,
    added_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    added_by TEXT NOT NULL,
    software TEXT NOT NULL,
    CONSTRAINT pk_registers PRIMARY KEY (list)
);
COMMENT ON TABLE survey.registers IS 'Lists of authorities that were added to the register, each as it was added last.';
COMMENT ON COLUMN survey.registers.list IS 'Name of the list, as in cities.';
COMMENT ON COLUMN survey.registers.source IS 'Where it is from.';
COMMENT ON COLUMN survey.registers.as_of IS 'Day on which it was true, where that is said.';
COMMENT ON COLUMN survey.registers.added_at IS 'When it was added, UTC.';
COMMENT ON COLUMN survey.registers.added_by IS 'Who added it.';
COMMENT ON COLUMN survey.registers.software IS 'Version of jumelage that added it.';

CREATE TABLE survey.size_classes (
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    least INTEGER NOT NULL,
    below INTEGER,
    position INTEGER NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    CONSTRAINT pk_size_classes PRIMARY KEY (code),
    CONSTRAINT ck_size_classes_bounds CHECK (below > least)
);
COMMENT ON TABLE survey.size_classes IS 'Classes of authorities of a kind by the number of their inhabitants.';
COMMENT ON COLUMN survey.size_classes.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.size_classes.kind IS 'Kind of authority, as in cities.';
COMMENT ON COLUMN survey.size_classes.least IS 'Least number of inhabitants.';
COMMENT ON COLUMN survey.size_classes.below IS 'Number of inhabitants below which it ends; null where it has no end.';
COMMENT ON COLUMN survey.size_classes.position IS 'Order in lists and reports.';
COMMENT ON COLUMN survey.size_classes.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.size_classes.label_en IS 'Label in English.';

CREATE TABLE survey.waves (
    wave TEXT NOT NULL,
    synthetic BOOLEAN NOT NULL,
    CONSTRAINT pk_waves PRIMARY KEY (wave)
);
COMMENT ON TABLE survey.waves IS 'Waves of the survey.';
COMMENT ON COLUMN survey.waves.wave IS 'Code of the wave, usually its year.';
COMMENT ON COLUMN survey.waves.synthetic IS 'Made up to show or to test; never a wave by default.';

CREATE TABLE survey.zones (
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    CONSTRAINT pk_zones PRIMARY KEY (code)
);
COMMENT ON TABLE survey.zones IS 'Geographic zones.';
COMMENT ON COLUMN survey.zones.code IS 'Code, never reused.';
COMMENT ON COLUMN survey.zones.position IS 'Order in lists and reports.';
COMMENT ON COLUMN survey.zones.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.zones.label_en IS 'Label in English.';

CREATE TABLE survey.cities (
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    sort_key TEXT,
    match_key TEXT,
    status TEXT,
    country TEXT DEFAULT 'FR',
    part_of TEXT,
    departement TEXT,
    population INTEGER,
    valid_from DATE,
    valid_to DATE,
    list TEXT DEFAULT 'shipped',
    CONSTRAINT pk_cities PRIMARY KEY (code),
    CONSTRAINT ck_cities_period CHECK (valid_to is null or valid_from is null or valid_to > valid_from),
    CONSTRAINT fk_cities_country FOREIGN KEY(country) REFERENCES survey.countries (code),
    CONSTRAINT fk_cities_part_of FOREIGN KEY(part_of) REFERENCES survey.cities (code)
);
COMMENT ON TABLE survey.cities IS 'Register of authorities, present and former: those that a survey may ask, and those that tell another authority from an unknown name.';
COMMENT ON COLUMN survey.cities.code IS 'INSEE code of a commune (with -D for a delegated one that shares the code of the present one), SIREN of an EPCI, ISO 3166-2 of a departement or region.';
COMMENT ON COLUMN survey.cities.kind IS 'Kind of authority: commune, epci, departement, region, or what another country has.';
COMMENT ON COLUMN survey.cities.name IS 'Official name; null where the register does not know it.';
COMMENT ON COLUMN survey.cities.sort_key IS 'French alphabetical order: letters and digits of the name.';
COMMENT ON COLUMN survey.cities.match_key IS 'Name without case, accents, hyphens, and with Saint for St; finds, never orders.';
COMMENT ON COLUMN survey.cities.status IS 'associated, delegated or former; null for a present authority.';
COMMENT ON COLUMN survey.cities.country IS 'Country that it is in.';
COMMENT ON COLUMN survey.cities.part_of IS 'Authority that it is part of.';
COMMENT ON COLUMN survey.cities.departement IS 'Number of the departement; null outside of any.';
COMMENT ON COLUMN survey.cities.population IS 'Population; null where unknown.';
COMMENT ON COLUMN survey.cities.valid_from IS 'First day on which it exists; null where unknown.';
COMMENT ON COLUMN survey.cities.valid_to IS 'First day on which it no longer exists; null while it does, or where unknown.';
COMMENT ON COLUMN survey.cities.list IS 'List that put it into the register.';

CREATE TABLE survey.country_aliases (
    alias TEXT NOT NULL,
    country TEXT NOT NULL,
    match_key TEXT NOT NULL,
    CONSTRAINT pk_country_aliases PRIMARY KEY (alias),
    CONSTRAINT fk_country_aliases_country FOREIGN KEY(country) REFERENCES survey.countries (code)
);
COMMENT ON TABLE survey.country_aliases IS 'Accepted spellings of a country beside its labels.';
COMMENT ON COLUMN survey.country_aliases.alias IS 'Spelling.';
COMMENT ON COLUMN survey.country_aliases.country IS 'Country.';
COMMENT ON COLUMN survey.country_aliases.match_key IS 'As in cities.';

CREATE TABLE survey.country_zones (
    country TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    zone TEXT NOT NULL,
    basis TEXT NOT NULL,
    CONSTRAINT pk_country_zones PRIMARY KEY (country, valid_from),
    CONSTRAINT ck_country_zones_period CHECK (valid_to is null or valid_to > valid_from),
    CONSTRAINT ck_country_zones_basis CHECK (basis in ('survey', 'eu_membership', 'un_m49')),
    CONSTRAINT fk_country_zones_country FOREIGN KEY(country) REFERENCES survey.countries (code),
    CONSTRAINT fk_country_zones_zone FOREIGN KEY(zone) REFERENCES survey.zones (code)
);
COMMENT ON TABLE survey.country_zones IS 'Zone of a country by date.';
COMMENT ON COLUMN survey.country_zones.country IS 'Country.';
COMMENT ON COLUMN survey.country_zones.valid_from IS 'First day of the period.';
COMMENT ON COLUMN survey.country_zones.valid_to IS 'First day after the period; null while it lasts.';
COMMENT ON COLUMN survey.country_zones.zone IS 'Zone.';
COMMENT ON COLUMN survey.country_zones.basis IS 'What places the country there: survey, eu_membership or un_m49.';

CREATE TABLE survey.revisions (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    title_fr TEXT NOT NULL,
    title_en TEXT NOT NULL,
    reference_date DATE NOT NULL,
    fieldwork_from DATE NOT NULL,
    fieldwork_to DATE NOT NULL,
    mode TEXT NOT NULL,
    frame_rule_fr TEXT NOT NULL,
    frame_rule_en TEXT NOT NULL,
    population_concept TEXT NOT NULL,
    source TEXT NOT NULL,
    agreements_complete BOOLEAN NOT NULL,
    several_mark TEXT,
    content_hash TEXT NOT NULL,
    code_lists_hash TEXT NOT NULL,
    loaded_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    loaded_by TEXT NOT NULL,
    reason TEXT,
    software TEXT NOT NULL,
    declared TEXT,
    home_country TEXT DEFAULT 'FR',
    home_apart BOOLEAN DEFAULT 'false',
    hash_version INTEGER DEFAULT '1',
    CONSTRAINT pk_revisions PRIMARY KEY (wave, revision),
    CONSTRAINT ck_revisions_reason CHECK (revision = 1 or reason is not null),
    CONSTRAINT fk_revisions_wave FOREIGN KEY(wave) REFERENCES survey.waves (wave)
);
COMMENT ON TABLE survey.revisions IS 'One load of a wave; the current one is the highest that is not withdrawn.';
COMMENT ON COLUMN survey.revisions.wave IS 'Wave.';
COMMENT ON COLUMN survey.revisions.revision IS 'Number, from 1.';
COMMENT ON COLUMN survey.revisions.title_fr IS 'Title of the survey in French.';
COMMENT ON COLUMN survey.revisions.title_en IS 'Title of the survey in English.';
COMMENT ON COLUMN survey.revisions.reference_date IS 'Date that the answers are about; countries are classified on it by default.';
COMMENT ON COLUMN survey.revisions.fieldwork_from IS 'First day of fieldwork.';
COMMENT ON COLUMN survey.revisions.fieldwork_to IS 'Last day of fieldwork.';
COMMENT ON COLUMN survey.revisions.mode IS 'Mode of data collection, such as telephone.';
COMMENT ON COLUMN survey.revisions.frame_rule_fr IS 'Who is in the sampling frame, in French.';
COMMENT ON COLUMN survey.revisions.frame_rule_en IS 'Who is in the sampling frame, in English.';
COMMENT ON COLUMN survey.revisions.population_concept IS 'Census and concept of the population figures.';
COMMENT ON COLUMN survey.revisions.source IS 'Where the wave was published.';
COMMENT ON COLUMN survey.revisions.agreements_complete IS 'Claimed: a town without a listed agreement has none.';
COMMENT ON COLUMN survey.revisions.several_mark IS 'How the publication marks several agreements, {n} for the number.';
COMMENT ON COLUMN survey.revisions.content_hash IS 'Hash of the rows, whatever their order in the files.';
COMMENT ON COLUMN survey.revisions.code_lists_hash IS 'Hash of the code lists that the names were resolved with.';
COMMENT ON COLUMN survey.revisions.loaded_at IS 'When it was loaded, UTC; after everything that was recorded before it.';
COMMENT ON COLUMN survey.revisions.loaded_by IS 'Who loaded it.';
COMMENT ON COLUMN survey.revisions.reason IS 'Why it replaces the revision before it; null for the first.';
COMMENT ON COLUMN survey.revisions.software IS 'Version of jumelage that loaded it.';
COMMENT ON COLUMN survey.revisions.declared IS 'wave.toml as JSON; null for revisions loaded before it was kept.';
COMMENT ON COLUMN survey.revisions.home_country IS 'Country of the towns: what is twinned within it is not international.';
COMMENT ON COLUMN survey.revisions.home_apart IS 'Declared: agreements at home are kept, apart from all others.';
COMMENT ON COLUMN survey.revisions.hash_version IS 'How content_hash was made: a load compares in the version of the revision that it is compared with.';

CREATE TABLE survey.city_aliases (
    alias TEXT NOT NULL,
    city TEXT NOT NULL,
    match_key TEXT NOT NULL,
    CONSTRAINT pk_city_aliases PRIMARY KEY (alias),
    CONSTRAINT fk_city_aliases_city FOREIGN KEY(city) REFERENCES survey.cities (code)
);
COMMENT ON TABLE survey.city_aliases IS 'Accepted spellings of a city beside its name.';
COMMENT ON COLUMN survey.city_aliases.alias IS 'Spelling.';
COMMENT ON COLUMN survey.city_aliases.city IS 'City.';
COMMENT ON COLUMN survey.city_aliases.match_key IS 'As in cities.';

CREATE TABLE survey.city_changes (
    city TEXT NOT NULL,
    changed_on DATE NOT NULL,
    successor TEXT NOT NULL,
    CONSTRAINT pk_city_changes PRIMARY KEY (city, changed_on),
    CONSTRAINT ck_city_changes_successor CHECK (successor <> city),
    CONSTRAINT fk_city_changes_city FOREIGN KEY(city) REFERENCES survey.cities (code),
    CONSTRAINT fk_city_changes_successor FOREIGN KEY(successor) REFERENCES survey.cities (code)
);
COMMENT ON TABLE survey.city_changes IS 'Towns that became part of another one, with the day.';
COMMENT ON COLUMN survey.city_changes.city IS 'Town that ceased to be one of its own.';
COMMENT ON COLUMN survey.city_changes.changed_on IS 'First day on which it is part of the other.';
COMMENT ON COLUMN survey.city_changes.successor IS 'Town that it is part of since.';

CREATE TABLE survey.claims (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    claim TEXT NOT NULL,
    position INTEGER NOT NULL,
    place TEXT NOT NULL,
    printed TEXT NOT NULL,
    unit TEXT NOT NULL,
    statement_fr TEXT NOT NULL,
    statement_en TEXT NOT NULL,
    kind TEXT NOT NULL,
    offenders TEXT,
    CONSTRAINT pk_claims PRIMARY KEY (wave, revision, claim, place),
    CONSTRAINT ck_claims_kind CHECK (kind in ('figure', 'wording', 'source', 'consistency')),
    CONSTRAINT fk_claims_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.claims IS 'Sentences of the publication that state something else than a figure of a report.';
COMMENT ON COLUMN survey.claims.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.claims.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.claims.claim IS 'Name of the claim.';
COMMENT ON COLUMN survey.claims.position IS 'Order in the publication.';
COMMENT ON COLUMN survey.claims.place IS 'Where it stands.';
COMMENT ON COLUMN survey.claims.printed IS 'Its number or decisive words.';
COMMENT ON COLUMN survey.claims.unit IS 'What it is about: towns, agreements, partners and so on.';
COMMENT ON COLUMN survey.claims.statement_fr IS 'What it says, in French.';
COMMENT ON COLUMN survey.claims.statement_en IS 'What it says, in English.';
COMMENT ON COLUMN survey.claims.kind IS 'figure; wording: nothing to compute; source: the wave was made from it; consistency: print against print.';
COMMENT ON COLUMN survey.claims.offenders IS 'Query that returns a row for each thing that contradicts it.';

CREATE TABLE survey.default_answers (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    item TEXT NOT NULL,
    answer TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_default_answers PRIMARY KEY (wave, revision, question, item),
    CONSTRAINT ck_default_answers_question CHECK (question in ('actions', 'difficulties')),
    CONSTRAINT ck_default_answers_answer CHECK (answer in ('yes', 'no', 'dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')),
    CONSTRAINT fk_default_answers_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.default_answers IS 'Answer of every respondent that has no row of its own, by question and item.';
COMMENT ON COLUMN survey.default_answers.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.default_answers.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.default_answers.question IS 'actions or difficulties.';
COMMENT ON COLUMN survey.default_answers.item IS 'Code of the action or difficulty; empty for all that are not named.';
COMMENT ON COLUMN survey.default_answers.answer IS 'Answer.';
COMMENT ON COLUMN survey.default_answers.source IS 'Published figures that the row was made from: a report, or report/key.';

CREATE TABLE survey.explanations (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    report TEXT NOT NULL,
    key TEXT NOT NULL,
    measure TEXT NOT NULL,
    because_fr TEXT NOT NULL,
    because_en TEXT NOT NULL,
    evidence TEXT,
    CONSTRAINT pk_explanations PRIMARY KEY (wave, revision, report, key, measure),
    CONSTRAINT fk_explanations_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.explanations IS 'Why a printed figure disagrees with the rows.';
COMMENT ON COLUMN survey.explanations.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.explanations.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.explanations.report IS 'Report.';
COMMENT ON COLUMN survey.explanations.key IS 'Key of the cell, its parts joined by /.';
COMMENT ON COLUMN survey.explanations.measure IS 'Column of the report.';
COMMENT ON COLUMN survey.explanations.because_fr IS 'Reason in French.';
COMMENT ON COLUMN survey.explanations.because_en IS 'Reason in English.';
COMMENT ON COLUMN survey.explanations.evidence IS 'Query that returns a row for each thing that speaks against the reason.';

CREATE TABLE survey.listed_items (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    item TEXT NOT NULL,
    CONSTRAINT pk_listed_items PRIMARY KEY (wave, revision, question, item),
    CONSTRAINT ck_listed_items_question CHECK (question in ('actions', 'difficulties')),
    CONSTRAINT fk_listed_items_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.listed_items IS 'Items of the lists actions and difficulties that a revision asked, whatever the lists are today.';
COMMENT ON COLUMN survey.listed_items.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.listed_items.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.listed_items.question IS 'actions or difficulties.';
COMMENT ON COLUMN survey.listed_items.item IS 'Code of the action or difficulty.';

CREATE TABLE survey.published_figures (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    report TEXT NOT NULL,
    key TEXT NOT NULL,
    measure TEXT NOT NULL,
    place TEXT NOT NULL,
    position INTEGER NOT NULL,
    printed TEXT NOT NULL,
    value NUMERIC(18, 6),
    decimals INTEGER,
    code TEXT,
    at_least NUMERIC(18, 6),
    more_than_share NUMERIC(18, 6),
    CONSTRAINT pk_published_figures PRIMARY KEY (wave, revision, report, key, measure, place),
    CONSTRAINT fk_published_figures_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.published_figures IS 'Every figure printed in the publication, each place where it is printed.';
COMMENT ON COLUMN survey.published_figures.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.published_figures.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.published_figures.report IS 'Report that the figure belongs to.';
COMMENT ON COLUMN survey.published_figures.key IS 'Key of the cell, its parts joined by /.';
COMMENT ON COLUMN survey.published_figures.measure IS 'Column of the report.';
COMMENT ON COLUMN survey.published_figures.place IS 'Where it is printed; figures of one place form one table.';
COMMENT ON COLUMN survey.published_figures.position IS 'Order in the publication, by report.';
COMMENT ON COLUMN survey.published_figures.printed IS 'What is printed.';
COMMENT ON COLUMN survey.published_figures.value IS 'Number that it states; null for words and names.';
COMMENT ON COLUMN survey.published_figures.decimals IS 'Decimals printed; null for words and names.';
COMMENT ON COLUMN survey.published_figures.code IS 'Code that a printed name stands for.';
COMMENT ON COLUMN survey.published_figures.at_least IS 'Least number that the words imply.';
COMMENT ON COLUMN survey.published_figures.more_than_share IS 'Share of the base that the words imply is exceeded.';

CREATE TABLE survey.published_tables (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    report TEXT NOT NULL,
    CONSTRAINT pk_published_tables PRIMARY KEY (wave, revision, report),
    CONSTRAINT fk_published_tables_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.published_tables IS 'Reports whose printed table is claimed complete: what it lacks was printed blank, zero.';
COMMENT ON COLUMN survey.published_tables.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.published_tables.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.published_tables.report IS 'Report.';

CREATE TABLE survey.questions (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    kind TEXT NOT NULL,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    asked_of TEXT NOT NULL,
    list TEXT,
    unit TEXT,
    least NUMERIC(18, 6),
    most NUMERIC(18, 6),
    default_answer TEXT,
    position INTEGER NOT NULL,
    CONSTRAINT pk_questions PRIMARY KEY (wave, revision, question),
    CONSTRAINT ck_questions_kind CHECK (kind in ('yes_no', 'choice', 'choices', 'number', 'date', 'text')),
    CONSTRAINT ck_questions_asked_of CHECK (asked_of in ('respondents', 'engaged')),
    CONSTRAINT fk_questions_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.questions IS 'Questions that a wave asks beside its agreements, actions and difficulties.';
COMMENT ON COLUMN survey.questions.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.questions.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.questions.question IS 'Code of the question.';
COMMENT ON COLUMN survey.questions.kind IS 'yes_no, choice (one item), choices (any items), number, date or text.';
COMMENT ON COLUMN survey.questions.label_fr IS 'The question in French.';
COMMENT ON COLUMN survey.questions.label_en IS 'The question in English.';
COMMENT ON COLUMN survey.questions.asked_of IS 'respondents, or engaged: those of them that have an agreement.';
COMMENT ON COLUMN survey.questions.list IS 'Code list that its items are from; null where they are its own, or where it has none.';
COMMENT ON COLUMN survey.questions.unit IS 'Unit of a number, such as EUR.';
COMMENT ON COLUMN survey.questions.least IS 'Least number that may be answered; null where there is none.';
COMMENT ON COLUMN survey.questions.most IS 'Greatest number that may be answered; null where there is none.';
COMMENT ON COLUMN survey.questions.default_answer IS 'Answer of a respondent that gives none.';
COMMENT ON COLUMN survey.questions.position IS 'Order in lists and reports.';

CREATE TABLE survey.respondents (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    city TEXT NOT NULL,
    population INTEGER NOT NULL,
    response TEXT NOT NULL,
    source TEXT NOT NULL,
    answers_source TEXT NOT NULL,
    declared_agreements INTEGER,
    declared_missing TEXT DEFAULT 'not_asked',
    CONSTRAINT pk_respondents PRIMARY KEY (wave, revision, city),
    CONSTRAINT ck_respondents_population CHECK (population >= 0),
    CONSTRAINT ck_respondents_response CHECK (response in ('responded', 'refused', 'not_reached', 'not_published')),
    CONSTRAINT fk_respondents_city FOREIGN KEY(city) REFERENCES survey.cities (code),
    CONSTRAINT fk_respondents_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.respondents IS 'The sampling frame: every town contacted, with its response.';
COMMENT ON COLUMN survey.respondents.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.respondents.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.respondents.city IS 'Town.';
COMMENT ON COLUMN survey.respondents.population IS 'Inhabitants, as printed in the frame.';
COMMENT ON COLUMN survey.respondents.response IS 'Outcome of the contact.';
COMMENT ON COLUMN survey.respondents.source IS 'Published figures that the frame was made from: a report, or report/key.';
COMMENT ON COLUMN survey.respondents.answers_source IS 'Published figures that the answers were made from: a report, or report/key.';
COMMENT ON COLUMN survey.respondents.declared_agreements IS 'Number of agreements that the town says it has.';
COMMENT ON COLUMN survey.respondents.declared_missing IS 'Why no number of agreements is declared; null where one is.';

CREATE TABLE survey.wave_reports (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    report TEXT NOT NULL,
    file TEXT NOT NULL,
    CONSTRAINT pk_wave_reports PRIMARY KEY (wave, revision, report),
    CONSTRAINT fk_wave_reports_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.wave_reports IS 'Reports that come with the wave, beside those of the project.';
COMMENT ON COLUMN survey.wave_reports.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.wave_reports.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.wave_reports.report IS 'Name of the report.';
COMMENT ON COLUMN survey.wave_reports.file IS 'The report file as it was handed in: its words, and its query.';

CREATE TABLE survey.withdrawals (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    withdrawn_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    withdrawn_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    software TEXT NOT NULL,
    CONSTRAINT pk_withdrawals PRIMARY KEY (wave, revision),
    CONSTRAINT fk_withdrawals_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.withdrawals IS 'Revisions that were withdrawn: kept, and no longer the current one.';
COMMENT ON COLUMN survey.withdrawals.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.withdrawals.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.withdrawals.withdrawn_at IS 'When, UTC; after everything that was recorded before it.';
COMMENT ON COLUMN survey.withdrawals.withdrawn_by IS 'Who withdrew it.';
COMMENT ON COLUMN survey.withdrawals.reason IS 'Why.';
COMMENT ON COLUMN survey.withdrawals.software IS 'Version of jumelage that recorded it.';

CREATE TABLE survey.answers (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    city TEXT NOT NULL,
    question TEXT NOT NULL,
    item TEXT NOT NULL,
    code TEXT,
    number NUMERIC(18, 6),
    date_from DATE,
    date_to DATE,
    text TEXT,
    missing TEXT,
    source TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (wave, revision, city, question, item),
    CONSTRAINT ck_answers_missing CHECK (missing in ('dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')),
    CONSTRAINT ck_answers_period CHECK ((date_from is null) = (date_to is null)),
    CONSTRAINT ck_answers_one_answer CHECK (1 = case when code is null then 0 else 1 end + case when number is null then 0 else 1 end + case when date_from is null then 0 else 1 end + case when text is null then 0 else 1 end + case when missing is null then 0 else 1 end),
    CONSTRAINT fk_answers_wave_revision_city FOREIGN KEY(wave, revision, city) REFERENCES survey.respondents (wave, revision, city),
    CONSTRAINT fk_answers_wave_revision_question FOREIGN KEY(wave, revision, question) REFERENCES survey.questions (wave, revision, question),
    CONSTRAINT fk_answers_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.answers IS 'Answers to the questions that a wave asks, in the column of their kind.';
COMMENT ON COLUMN survey.answers.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.answers.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.answers.city IS 'Authority.';
COMMENT ON COLUMN survey.answers.question IS 'Question.';
COMMENT ON COLUMN survey.answers.item IS 'Item of a question with any items; empty for all others.';
COMMENT ON COLUMN survey.answers.code IS 'yes or no, or the item that was chosen.';
COMMENT ON COLUMN survey.answers.number IS 'Number, in the unit of the question.';
COMMENT ON COLUMN survey.answers.date_from IS 'First day of the period that was answered.';
COMMENT ON COLUMN survey.answers.date_to IS 'Last day of the period that was answered.';
COMMENT ON COLUMN survey.answers.text IS 'Text, as it was answered.';
COMMENT ON COLUMN survey.answers.missing IS 'Why there is no answer; null where there is one.';
COMMENT ON COLUMN survey.answers.source IS 'Published figures that the row was made from: a report, or report/key.';

CREATE TABLE survey.city_actions (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    city TEXT NOT NULL,
    action TEXT NOT NULL,
    answer TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_city_actions PRIMARY KEY (wave, revision, city, action),
    CONSTRAINT ck_city_actions_answer CHECK (answer in ('yes', 'no', 'dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')),
    CONSTRAINT fk_city_actions_wave_revision_city FOREIGN KEY(wave, revision, city) REFERENCES survey.respondents (wave, revision, city),
    CONSTRAINT fk_city_actions_action FOREIGN KEY(action) REFERENCES survey.actions (code),
    CONSTRAINT fk_city_actions_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.city_actions IS 'Answers on actions that differ from the default.';
COMMENT ON COLUMN survey.city_actions.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.city_actions.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.city_actions.city IS 'Town.';
COMMENT ON COLUMN survey.city_actions.action IS 'Code of the action.';
COMMENT ON COLUMN survey.city_actions.answer IS 'Answer.';
COMMENT ON COLUMN survey.city_actions.source IS 'Published figures that the row was made from: a report, or report/key.';

CREATE TABLE survey.city_difficulties (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    city TEXT NOT NULL,
    difficulty TEXT NOT NULL,
    answer TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_city_difficulties PRIMARY KEY (wave, revision, city, difficulty),
    CONSTRAINT ck_city_difficulties_answer CHECK (answer in ('yes', 'no', 'dont_know', 'refused', 'no_answer', 'not_asked', 'not_applicable', 'not_published')),
    CONSTRAINT fk_city_difficulties_wave_revision_city FOREIGN KEY(wave, revision, city) REFERENCES survey.respondents (wave, revision, city),
    CONSTRAINT fk_city_difficulties_difficulty FOREIGN KEY(difficulty) REFERENCES survey.difficulties (code),
    CONSTRAINT fk_city_difficulties_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.city_difficulties IS 'Answers on difficulties that differ from the default.';
COMMENT ON COLUMN survey.city_difficulties.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.city_difficulties.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.city_difficulties.city IS 'Town.';
COMMENT ON COLUMN survey.city_difficulties.difficulty IS 'Code of the difficulty.';
COMMENT ON COLUMN survey.city_difficulties.answer IS 'Answer.';
COMMENT ON COLUMN survey.city_difficulties.source IS 'Published figures that the row was made from: a report, or report/key.';

CREATE TABLE survey.partner_pairs (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    partner_before TEXT NOT NULL,
    partner TEXT NOT NULL,
    same BOOLEAN NOT NULL,
    partner_before_key TEXT NOT NULL,
    partner_key TEXT NOT NULL,
    CONSTRAINT pk_partner_pairs PRIMARY KEY (wave, revision, city, country, partner_before_key, partner_key),
    CONSTRAINT fk_partner_pairs_wave_revision_city FOREIGN KEY(wave, revision, city) REFERENCES survey.respondents (wave, revision, city),
    CONSTRAINT fk_partner_pairs_country FOREIGN KEY(country) REFERENCES survey.countries (code),
    CONSTRAINT fk_partner_pairs_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.partner_pairs IS 'Partners of an earlier wave, each said to be the same as one of this wave, or not, by a person who knows.';
COMMENT ON COLUMN survey.partner_pairs.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.partner_pairs.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.partner_pairs.city IS 'Town, as it is in this wave.';
COMMENT ON COLUMN survey.partner_pairs.country IS 'Country of both partners.';
COMMENT ON COLUMN survey.partner_pairs.partner_before IS 'Partner as an earlier wave names it.';
COMMENT ON COLUMN survey.partner_pairs.partner IS 'Partner as this wave names it.';
COMMENT ON COLUMN survey.partner_pairs.same IS 'Whether they are the same.';
COMMENT ON COLUMN survey.partner_pairs.partner_before_key IS 'Key of the earlier one, as in partnerships.';
COMMENT ON COLUMN survey.partner_pairs.partner_key IS 'Key of the later one, as in partnerships.';

CREATE TABLE survey.partnerships (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    agreement INTEGER NOT NULL,
    city TEXT,
    country TEXT NOT NULL,
    partner TEXT,
    since_from DATE,
    since_to DATE,
    since_missing TEXT,
    inferred BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    until_from DATE,
    until_to DATE,
    partner_key TEXT,
    apart BOOLEAN DEFAULT 'false',
    CONSTRAINT pk_partnerships PRIMARY KEY (wave, revision, agreement),
    CONSTRAINT ck_partnerships_since CHECK (since_to >= since_from),
    CONSTRAINT ck_partnerships_since_range CHECK ((since_from is null) = (since_to is null)),
    CONSTRAINT ck_partnerships_since_answer CHECK ((since_from is null) = (since_missing is not null)),
    CONSTRAINT ck_partnerships_since_missing CHECK (since_missing in ('dont_know', 'refused', 'no_answer', 'not_asked', 'not_published')),
    CONSTRAINT fk_partnerships_wave_revision_city FOREIGN KEY(wave, revision, city) REFERENCES survey.respondents (wave, revision, city),
    CONSTRAINT fk_partnerships_country FOREIGN KEY(country) REFERENCES survey.countries (code),
    CONSTRAINT fk_partnerships_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.partnerships IS 'Twinnings and cooperation agreements, each once.';
COMMENT ON COLUMN survey.partnerships.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.partnerships.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.partnerships.agreement IS 'Number within the revision, in the order in which they were handed in.';
COMMENT ON COLUMN survey.partnerships.city IS 'Town; null where the source does not tell.';
COMMENT ON COLUMN survey.partnerships.country IS 'Country of the partner.';
COMMENT ON COLUMN survey.partnerships.partner IS 'Partner authority; null where the source does not tell.';
COMMENT ON COLUMN survey.partnerships.since_from IS 'Earliest day on which it can have begun.';
COMMENT ON COLUMN survey.partnerships.since_to IS 'Latest day on which it can have begun.';
COMMENT ON COLUMN survey.partnerships.since_missing IS 'Why no date is known; null where one is.';
COMMENT ON COLUMN survey.partnerships.inferred IS 'Needed by one published table and missing from another.';
COMMENT ON COLUMN survey.partnerships.source IS 'Published figures that the row was made from: a report, or report/key.';
COMMENT ON COLUMN survey.partnerships.until_from IS 'Earliest day on which it can have ended; null while it is in force.';
COMMENT ON COLUMN survey.partnerships.until_to IS 'Latest day on which it can have ended; null while it is in force.';
COMMENT ON COLUMN survey.partnerships.partner_key IS 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
COMMENT ON COLUMN survey.partnerships.apart IS 'With a partner at home, in a wave that sets such agreements apart: in no international figure.';

CREATE TABLE survey.question_items (
    wave TEXT NOT NULL,
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    item TEXT NOT NULL,
    parent TEXT,
    label_fr TEXT NOT NULL,
    label_en TEXT NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_question_items PRIMARY KEY (wave, revision, question, item),
    CONSTRAINT fk_question_items_wave_revision_question FOREIGN KEY(wave, revision, question) REFERENCES survey.questions (wave, revision, question),
    CONSTRAINT fk_question_items_wave_revision FOREIGN KEY(wave, revision) REFERENCES survey.revisions (wave, revision)
);
COMMENT ON TABLE survey.question_items IS 'Items of the questions that a wave asks: those that it asked, also where they are from a code list.';
COMMENT ON COLUMN survey.question_items.wave IS 'Wave that the row belongs to.';
COMMENT ON COLUMN survey.question_items.revision IS 'Revision of the wave.';
COMMENT ON COLUMN survey.question_items.question IS 'Question.';
COMMENT ON COLUMN survey.question_items.item IS 'Code of the item.';
COMMENT ON COLUMN survey.question_items.parent IS 'Item that this one is a kind of: a yes to it is a yes to the parent.';
COMMENT ON COLUMN survey.question_items.label_fr IS 'Label in French.';
COMMENT ON COLUMN survey.question_items.label_en IS 'Label in English.';
COMMENT ON COLUMN survey.question_items.position IS 'Order in lists and reports.';

create view settings as
-- What this session has chosen to see, and whether it is a single revision of a single wave. Written once per engine.
select
    nullif(replace(current_setting('jumelage.scope', true), ' ', ''), '') as scope,
    nullif(current_setting('jumelage.inferred', true), '') as inferred,
    cast(nullif(current_setting('jumelage.classified_on', true), '') as date) as classified_on,
    coalesce(current_setting('jumelage.scope', true) similar to ' *[^,@ ]+@[1-9][0-9]{0,8} *', false) as single,
    nullif(current_setting('jumelage.kind', true), '') as kind,
    has_column_privilege('survey.revisions'::regclass, 'loaded_by', 'select') as sees_who;
comment on column settings.scope is 'Revisions that were chosen, such as 2006@1, several by commas; null where none was.';
comment on column settings.inferred is 'no where inferred rows are to be left out; null where nothing was chosen.';
comment on column settings.classified_on is 'Day by which countries are to be put into zones; null for the reference date of each wave.';
comment on column settings.single is 'Whether a single revision of a single wave was chosen.';
comment on column settings.kind is 'The one kind of authority that is shown; null for all.';
comment on column settings.sees_who is 'Whether the session may know who loaded a wave, and why: on PostgreSQL a reader may not.';

create view scope as
-- The revisions that all other views show: those chosen, else the current revision of the latest real wave.
-- Of several revisions of a wave only the highest is taken: otherwise rows would count twice.
-- kind: the one kind of authority that they show, null for all. Of one kind the list of agreements is not complete where
-- some agreements tell no town, since these are in no kind.
select
    r.wave,
    r.revision,
    r.reference_date,
    coalesce(r.classified_on, r.reference_date) as classified_on,
    coalesce(r.inferred, 'yes') <> 'no' as with_inferred,
    r.agreements_complete
    and not exists (
        select 1
        from survey.partnerships p
        where r.kind is not null and p.city is null and p.wave = r.wave and p.revision = r.revision
    ) as agreements_complete,
    r.kind
from (
    select
        c.*,
        row_number() over (order by c.synthetic, c.reference_date desc, c.wave desc) as place
    from (
        select
            o.wave,
            o.revision,
            o.reference_date,
            o.agreements_complete,
            w.synthetic,
            s.scope,
            s.inferred,
            s.classified_on,
            s.kind,
            row_number() over (partition by o.wave order by o.revision desc) as age
        from survey.revisions o
        inner join survey.waves w on w.wave = o.wave
        cross join settings s
        left join survey.withdrawals x on x.wave = o.wave and x.revision = o.revision
        where
            case
                when s.scope is null then x.wave is null
                else position(',' || o.wave || '@' || cast(o.revision as varchar) || ',' in ',' || s.scope || ',') > 0
            end
    ) c
    where c.age = 1
) r
where r.scope is not null or (r.place = 1 and not r.synthetic);
comment on column scope.wave is 'Wave.';
comment on column scope.revision is 'Number, from 1.';
comment on column scope.reference_date is 'Date that the answers are about; countries are classified on it by default.';
comment on column scope.classified_on is 'Day by which countries are put into zones: the one that was chosen, else the reference date.';
comment on column scope.with_inferred is 'Whether inferred rows count.';
comment on column scope.agreements_complete is 'Whether a town without a listed agreement has none; of one kind of authority, only if every agreement tells its town.';
comment on column scope.kind is 'The one kind of authority that is shown; null for all.';

create view listed_agreements as
-- Agreements of the revisions in scope, ended ones included, inferred ones if they count. Written once per engine.
-- The scope is evaluated once, by subqueries that depend on no row: with a join, as long as there are no statistics,
-- a plan may compute it again for each row. One revision is asked for by its own values: the planner knows how few rows
-- it has, and goes by the primary key. Of several, in lists of a length that it cannot know, it takes half of the table
-- for chosen, by a truth said twice, which it knows nothing of: where it expects few, it joins them row by row, and takes
-- minutes. What bounds several from below is null of one. No town's kind is looked up unless one kind is chosen.
select p.*
from survey.partnerships p
where
    (
        (
            p.wave = (select min(s.wave) from scope s having count(*) = 1)
            and p.revision = (select min(s.revision) from scope s having count(*) = 1)
        )
        or (
            p.wave >= (select min(s.wave) from scope s having count(*) > 1)
            and p.revision = any (array(select s.revision from scope s))
            and (
                (select count(*) = 1 from scope s)
                or (select count(*) = 1 from scope s)
                or p.wave || '@' || cast(p.revision as varchar) = any (array(select s.wave || '@' || cast(s.revision as varchar) from scope s))
            )
        )
    )
    and ((select bool_and(s.with_inferred) from scope s) or not p.inferred)
    and (
        (select t.kind is null from settings t)
        or p.city in (select c.code from settings t inner join survey.cities c on c.kind = t.kind)
    );
comment on column listed_agreements.wave is 'Wave that the row belongs to.';
comment on column listed_agreements.revision is 'Revision of the wave.';
comment on column listed_agreements.agreement is 'Number within the revision, in the order in which they were handed in.';
comment on column listed_agreements.city is 'Town; null where the source does not tell.';
comment on column listed_agreements.country is 'Country of the partner.';
comment on column listed_agreements.partner is 'Partner authority; null where the source does not tell.';
comment on column listed_agreements.since_from is 'Earliest day on which it can have begun.';
comment on column listed_agreements.since_to is 'Latest day on which it can have begun.';
comment on column listed_agreements.since_missing is 'Why no date is known; null where one is.';
comment on column listed_agreements.inferred is 'Needed by one published table and missing from another.';
comment on column listed_agreements.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column listed_agreements.until_from is 'Earliest day on which it can have ended; null while it is in force.';
comment on column listed_agreements.until_to is 'Latest day on which it can have ended; null while it is in force.';
comment on column listed_agreements.partner_key is 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
comment on column listed_agreements.apart is 'With a partner at home, in a wave that sets such agreements apart: in no international figure.';

create view waves as
-- The wave in scope: its title, dates, frame and source; who loaded it and why for those who may know.
select
    r.wave,
    r.revision,
    w.synthetic,
    r.title_fr,
    r.title_en,
    r.reference_date,
    r.fieldwork_from,
    r.fieldwork_to,
    r.mode,
    r.frame_rule_fr,
    r.frame_rule_en,
    r.population_concept,
    r.source,
    r.agreements_complete,
    r.several_mark,
    r.content_hash,
    r.code_lists_hash,
    r.loaded_at,
    case when (select t.sees_who from settings t) then r.loaded_by end as loaded_by,
    case when (select t.sees_who from settings t) then r.reason end as reason,
    r.software
from scope s
inner join survey.revisions r on r.wave = s.wave and r.revision = s.revision
inner join survey.waves w on w.wave = r.wave;
comment on column waves.wave is 'Code of the wave, usually its year.';
comment on column waves.revision is 'Number, from 1.';
comment on column waves.synthetic is 'Made up to show or to test; never a wave by default.';
comment on column waves.title_fr is 'Title of the survey in French.';
comment on column waves.title_en is 'Title of the survey in English.';
comment on column waves.reference_date is 'Date that the answers are about; countries are classified on it by default.';
comment on column waves.fieldwork_from is 'First day of fieldwork.';
comment on column waves.fieldwork_to is 'Last day of fieldwork.';
comment on column waves.mode is 'Mode of data collection, such as telephone.';
comment on column waves.frame_rule_fr is 'Who is in the sampling frame, in French.';
comment on column waves.frame_rule_en is 'Who is in the sampling frame, in English.';
comment on column waves.population_concept is 'Census and concept of the population figures.';
comment on column waves.source is 'Where the wave was published.';
comment on column waves.agreements_complete is 'Claimed: a town without a listed agreement has none.';
comment on column waves.several_mark is 'How the publication marks several agreements, {n} for the number.';
comment on column waves.content_hash is 'Hash of the rows, whatever their order in the files.';
comment on column waves.code_lists_hash is 'Hash of the code lists that the names were resolved with.';
comment on column waves.loaded_at is 'When it was loaded, UTC; after everything that was recorded before it.';
comment on column waves.loaded_by is 'Who loaded it.';
comment on column waves.reason is 'Why it replaces the revision before it; null for the first.';
comment on column waves.software is 'Version of jumelage that loaded it.';

create view zones as
-- Geographic zones.
select code, position, label_fr, label_en
from survey.zones;
comment on column zones.code is 'Code, never reused.';
comment on column zones.position is 'Order in lists and reports.';
comment on column zones.label_fr is 'Label in French.';
comment on column zones.label_en is 'Label in English.';

create view countries as
-- Countries, with both names.
select code, label_fr, label_en, sort_key, state_since
from survey.countries;
comment on column countries.code is 'Code, never reused.';
comment on column countries.label_fr is 'Label in French.';
comment on column countries.label_en is 'Label in English.';
comment on column countries.sort_key is 'French alphabetical order: letters and digits of the French label.';
comment on column countries.state_since is 'Day from which the state exists, where that is after 1900 and certain.';

create view country_zones as
-- Zone of each country on the date by which the wave is classified.
select s.wave, z.country, z.zone, z.basis
from scope s
inner join survey.country_zones z
    on z.valid_from <= s.classified_on
    and (z.valid_to is null or z.valid_to > s.classified_on);
comment on column country_zones.wave is 'Wave.';
comment on column country_zones.country is 'Country.';
comment on column country_zones.zone is 'Zone of the country on the day by which the wave is classified.';
comment on column country_zones.basis is 'What places the country there: survey, eu_membership or un_m49.';

create view actions as
-- Kinds of action, themes under their parents.
select code, parent_code, position, label_fr, label_en
from survey.actions;
comment on column actions.code is 'Code, never reused.';
comment on column actions.parent_code is 'Code that this one is a kind of: a yes to it is a yes to the parent.';
comment on column actions.position is 'Order in lists and reports.';
comment on column actions.label_fr is 'Label in French.';
comment on column actions.label_en is 'Label in English.';

create view difficulties as
-- Difficulties, details under their parents.
select code, parent_code, position, label_fr, label_en
from survey.difficulties;
comment on column difficulties.code is 'Code, never reused.';
comment on column difficulties.parent_code is 'Code that this one is a kind of: a yes to it is a yes to the parent.';
comment on column difficulties.position is 'Order in lists and reports.';
comment on column difficulties.label_fr is 'Label in French.';
comment on column difficulties.label_en is 'Label in English.';

create view agreements_in_force as
-- Agreements in force in the waves in scope, each once: the view partnerships without zones and the kinds of towns.
-- Agreements with partners at home that are set apart are left out, as they are of every international figure.
select p.*
from listed_agreements p
where p.until_from is null and p.apart is not true;
comment on column agreements_in_force.wave is 'Wave that the row belongs to.';
comment on column agreements_in_force.revision is 'Revision of the wave.';
comment on column agreements_in_force.agreement is 'Number within the revision, in the order in which they were handed in.';
comment on column agreements_in_force.city is 'Town; null where the source does not tell.';
comment on column agreements_in_force.country is 'Country of the partner.';
comment on column agreements_in_force.partner is 'Partner authority; null where the source does not tell.';
comment on column agreements_in_force.since_from is 'Earliest day on which it can have begun.';
comment on column agreements_in_force.since_to is 'Latest day on which it can have begun.';
comment on column agreements_in_force.since_missing is 'Why no date is known; null where one is.';
comment on column agreements_in_force.inferred is 'Needed by one published table and missing from another.';
comment on column agreements_in_force.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column agreements_in_force.until_from is 'Earliest day on which it can have ended; null while it is in force.';
comment on column agreements_in_force.until_to is 'Latest day on which it can have ended; null while it is in force.';
comment on column agreements_in_force.partner_key is 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
comment on column agreements_in_force.apart is 'With a partner at home, in a wave that sets such agreements apart: in no international figure.';

create view cities as
-- Authorities that a survey may ask.
select code, kind, coalesce(name, code) as name, coalesce(sort_key, lower(code)) as sort_key, match_key
from survey.cities;
comment on column cities.code is 'INSEE code of a commune (with -D for a delegated one that shares the code of the present one), SIREN of an EPCI, ISO 3166-2 of a departement or region.';
comment on column cities.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';
comment on column cities.name is 'Official name, or the code where the register does not know it.';
comment on column cities.sort_key is 'French alphabetical order: letters and digits of the name, or of the code.';
comment on column cities.match_key is 'Name without case, accents, hyphens, and with Saint for St; finds, never orders.';

create view partnerships as
-- Twinnings and cooperation agreements in force in the wave in scope, each once.
select
    p.wave,
    p.agreement,
    p.city,
    p.country,
    z.zone,
    p.partner,
    p.since_from,
    p.since_to,
    p.since_missing,
    p.inferred,
    p.source,
    p.partner_key,
    c.kind
from agreements_in_force p
left join country_zones z on z.wave = p.wave and z.country = p.country
left join survey.cities c on c.code = p.city;
comment on column partnerships.wave is 'Wave that the row belongs to.';
comment on column partnerships.agreement is 'Number within the revision, in the order in which they were handed in.';
comment on column partnerships.city is 'Town; null where the source does not tell.';
comment on column partnerships.country is 'Country of the partner.';
comment on column partnerships.zone is 'Zone of the country on the day by which the wave is classified.';
comment on column partnerships.partner is 'Partner authority; null where the source does not tell.';
comment on column partnerships.since_from is 'Earliest day on which it can have begun.';
comment on column partnerships.since_to is 'Latest day on which it can have begun.';
comment on column partnerships.since_missing is 'Why no date is known; null where one is.';
comment on column partnerships.inferred is 'Needed by one published table and missing from another.';
comment on column partnerships.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column partnerships.partner_key is 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
comment on column partnerships.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view town_agreements as
-- Number of agreements in force of each town that has any. A single revision needs no grouping by wave.
select split_part(s.scope, '@', 1) as wave, n.city, n.agreements, c.kind
from (
    select p.city, count(*) as agreements
    from agreements_in_force p
    where p.city is not null
    group by p.city
) n
cross join settings s
left join survey.cities c on c.code = n.city
where s.single
union all
select n.wave, n.city, n.agreements, c.kind
from (
    select p.wave, p.city, count(*) as agreements
    from agreements_in_force p
    where p.city is not null
    group by p.wave, p.city
) n
cross join settings s
left join survey.cities c on c.code = n.city
where not s.single;
comment on column town_agreements.wave is 'Wave that the row belongs to.';
comment on column town_agreements.city is 'Town.';
comment on column town_agreements.agreements is 'Number of its listed agreements in force.';
comment on column town_agreements.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view respondents as
-- Every town of the sampling frame: its response, its agreements and its answers on management.
-- agreements: those listed; agreements_high: the most that it may have declared, null where there is no bound. A list
-- that is not claimed complete sets no bound, unless the town itself gives its number, which may be zero.
-- kind: what the authority is, such as commune or departement; numbers of different kinds must not be added up.
-- elected_delegate, twinning_committee, service: its answers on management, in columns as they were kept once.
-- engaged: yes if it has declared an agreement, no if it has not, not_published where that is left open.
select
    t.wave,
    t.city,
    t.population,
    t.response,
    t.agreements,
    case
        when t.agreements > 0 or t.declared_agreements > 0 then 'yes'
        when t.agreements_high = 0 and t.response in ('responded', 'not_published') then 'no'
        when t.response in ('responded', 'not_published') then 'not_published'
        when t.response = 'refused' then 'refused'
        else 'not_asked'
    end as engaged,
    coalesce(m.elected_delegate, d.elected_delegate, 'not_asked') as elected_delegate,
    coalesce(m.twinning_committee, d.twinning_committee, 'not_asked') as twinning_committee,
    coalesce(m.service, d.service, 'not_asked') as service,
    t.declared_agreements,
    t.declared_missing,
    t.source,
    t.answers_source,
    t.agreements_high,
    t.kind
from (
    select
        r.*,
        c.kind,
        coalesce(a.agreements, 0) as agreements,
        case
            when r.declared_agreements is not null then greatest(coalesce(a.agreements, 0), r.declared_agreements)
            when s.agreements_complete or (a.city is null and r.response in ('refused', 'not_reached'))
                then coalesce(a.agreements, 0)
        end as agreements_high
    from scope s
    inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
    left join survey.cities c on c.code = r.city
    left join town_agreements a on a.wave = r.wave and a.city = r.city
    where s.kind is null or c.kind = s.kind
) t
left join (
    select
        a.wave,
        a.revision,
        a.city,
        max(case when a.question = 'elected_delegate' then coalesce(a.code, a.missing) end) as elected_delegate,
        max(case when a.question = 'twinning_committee' then coalesce(a.code, a.missing) end) as twinning_committee,
        max(case when a.question = 'service' then coalesce(a.code, a.missing) end) as service
    from survey.answers a
    inner join survey.questions q on q.wave = a.wave and q.revision = a.revision and q.question = a.question
    where q.kind = 'yes_no'
    group by a.wave, a.revision, a.city
) m on m.wave = t.wave and m.revision = t.revision and m.city = t.city
left join (
    select
        q.wave,
        q.revision,
        max(case when q.question = 'elected_delegate' then coalesce(q.default_answer, 'no_answer') end)
            as elected_delegate,
        max(case when q.question = 'twinning_committee' then coalesce(q.default_answer, 'no_answer') end)
            as twinning_committee,
        max(case when q.question = 'service' then coalesce(q.default_answer, 'no_answer') end) as service
    from survey.questions q
    where q.kind = 'yes_no'
    group by q.wave, q.revision
) d on d.wave = t.wave and d.revision = t.revision;
comment on column respondents.wave is 'Wave that the row belongs to.';
comment on column respondents.city is 'Town.';
comment on column respondents.population is 'Inhabitants, as printed in the frame.';
comment on column respondents.response is 'Outcome of the contact.';
comment on column respondents.agreements is 'Number of its listed agreements in force: the least that it has.';
comment on column respondents.engaged is 'yes if it has declared an agreement, no if it has not, not_published where that is left open; refused and not_asked where it did not answer.';
comment on column respondents.elected_delegate is 'Answer: has it an elected delegate for international relations?';
comment on column respondents.twinning_committee is 'Answer: has it a twinning committee?';
comment on column respondents.service is 'Answer: has it a service in charge of international relations?';
comment on column respondents.declared_agreements is 'Number of agreements that the town says it has.';
comment on column respondents.declared_missing is 'Why no number of agreements is declared; null where one is.';
comment on column respondents.source is 'Published figures that the frame was made from: a report, or report/key.';
comment on column respondents.answers_source is 'Published figures that the answers were made from: a report, or report/key.';
comment on column respondents.agreements_high is 'The most agreements that it may have declared; null where nothing bounds them.';
comment on column respondents.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view question_items as
-- The items that every town answers one by one: kinds of action, difficulties, and how it manages relations.
select 'actions' as question, a.code as item, a.parent_code, a.position
from survey.actions a
union all
select 'difficulties', d.code, d.parent_code, d.position
from survey.difficulties d
union all
select 'management', 'elected_delegate', null, 1
union all
select 'management', 'twinning_committee', null, 2
union all
select 'management', 'service', null, 3;
comment on column question_items.question is 'actions, difficulties or management.';
comment on column question_items.item is 'Code of the action or difficulty, or of the question on management.';
comment on column question_items.parent_code is 'Item of the same question that this one is a kind of: a yes to it is a yes to the parent.';
comment on column question_items.position is 'Order in lists and reports.';

create view city_answers as
-- Answer of every town of the frame on every item of a question.
-- A yes to a detail is a yes to its parent; where the parent is answered no, an unpublished detail is no too.
-- What its revision did not ask, such as a line that came to a list later, is not_asked, whatever is said of others.
-- Every town by every item is much to hold: it is worked out where it is read, and of parents only those that are no.
with said as (
    select a.wave, a.revision, a.city, 'actions' as question, a.action as item, a.answer, a.source
    from survey.city_actions a
    union all
    select d.wave, d.revision, d.city, 'difficulties', d.difficulty, d.answer, d.source
    from survey.city_difficulties d
    union all
    select g.wave, g.revision, g.city, 'management', g.question, coalesce(g.code, g.missing), g.source
    from survey.answers g
    where g.item = ''
),
given as not materialized (
    select
        s.wave,
        r.city,
        c.question,
        c.item,
        c.parent_code,
        coalesce(
            x.answer, i.answer, q.answer, m.default_answer, case when m.wave is null then 'not_asked' else 'no_answer' end
        ) as answer,
        coalesce(x.source, i.source, q.source, case when m.wave is not null then r.answers_source end, '') as source,
        k.item is not null or m.wave is not null as asked,
        l.kind
    from scope s
    inner join survey.respondents r on r.wave = s.wave and r.revision = s.revision
    left join survey.cities l on l.code = r.city
    cross join question_items c
    left join said x
        on x.wave = s.wave and x.revision = s.revision and x.city = r.city and x.question = c.question and x.item = c.item
    left join survey.listed_items k
        on k.wave = s.wave and k.revision = s.revision and k.question = c.question and k.item = c.item
    left join survey.default_answers i
        on i.wave = s.wave and i.revision = s.revision and i.question = c.question and i.item = k.item
    left join survey.default_answers q
        on q.wave = s.wave and q.revision = s.revision and q.question = k.question and q.item = ''
    left join survey.questions m
        on m.wave = s.wave
        and m.revision = s.revision
        and m.question = c.item
        and m.kind = 'yes_no'
        and c.question = 'management'
    where s.kind is null or l.kind = s.kind
)
select
    g.wave,
    g.city,
    g.question,
    g.item,
    case
        when d.city is not null and g.asked then 'yes'
        when p.city is not null and g.answer = 'not_published' then 'no'
        else g.answer
    end as answer,
    g.source,
    g.kind
from given g
left join (
    select distinct y.wave, y.city, y.question, y.parent_code
    from given y
    where y.answer = 'yes' and y.parent_code is not null
) d on d.wave = g.wave and d.city = g.city and d.question = g.question and d.parent_code = g.item
left join (
    select n.wave, n.city, n.question, n.item
    from given n
    where n.answer = 'no' and n.item in (select i.parent_code from question_items i where i.parent_code is not null)
) p on p.wave = g.wave and p.city = g.city and p.question = g.question and p.item = g.parent_code;
comment on column city_answers.wave is 'Wave that the row belongs to.';
comment on column city_answers.city is 'Town.';
comment on column city_answers.question is 'actions, difficulties or management.';
comment on column city_answers.item is 'Code of the action or difficulty, or of the question on management.';
comment on column city_answers.answer is 'Answer of the town; yes to a detail is yes to its parent, and not_asked is what its revision did not ask.';
comment on column city_answers.source is 'Published figures that the answer was made from: a report, or report/key; empty where it was made from none.';
comment on column city_answers.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view city_actions as
-- Answer of every town of the frame on every action; where it is not_published, published_figures may know more.
select a.wave, a.city, a.item as action, a.answer, a.source, a.kind
from city_answers a
where a.question = 'actions';
comment on column city_actions.wave is 'Wave that the row belongs to.';
comment on column city_actions.city is 'Town.';
comment on column city_actions.action is 'Code of the action.';
comment on column city_actions.answer is 'Answer.';
comment on column city_actions.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column city_actions.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view city_difficulties as
-- Answer of every town of the frame on every difficulty; where it is not_published, published_figures may know more.
select a.wave, a.city, a.item as difficulty, a.answer, a.source, a.kind
from city_answers a
where a.question = 'difficulties';
comment on column city_difficulties.wave is 'Wave that the row belongs to.';
comment on column city_difficulties.city is 'Town.';
comment on column city_difficulties.difficulty is 'Code of the difficulty.';
comment on column city_difficulties.answer is 'Answer.';
comment on column city_difficulties.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column city_difficulties.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view engaged_answers as
-- Answers of the towns that are or may be engaged: what each adds to the counts of its item.
-- A town that was not asked adds to not_asked alone. Where engagement or the answer is open, it adds to the high only.
select
    a.wave,
    a.question,
    a.item,
    a.city,
    a.answer,
    case when a.asked = 1 then a.surely * a.yes end as cities,
    case when a.asked = 1 then greatest(a.yes, a.open) end as cities_high,
    case when a.asked = 1 then a.surely end as base,
    case when a.asked = 1 then 1 end as base_high,
    a.surely * (1 - a.asked) as not_asked,
    1 - a.asked as not_asked_high,
    case when a.asked = 1 then a.surely * a.dont_know end as dont_know,
    case when a.asked = 1 then greatest(a.dont_know, a.open) end as dont_know_high,
    case when a.asked = 1 then a.surely * a.refused end as refused,
    case when a.asked = 1 then greatest(a.refused, a.open) end as refused_high,
    case when a.asked = 1 then a.surely * a.no_answer end as no_answer,
    case when a.asked = 1 then greatest(a.no_answer, a.open) end as no_answer_high,
    case when a.asked = 1 then a.surely * a.not_applicable end as not_applicable,
    case when a.asked = 1 then greatest(a.not_applicable, a.open) end as not_applicable_high,
    a.source,
    a.kind
from (
    select
        c.*,
        case when r.engaged = 'yes' then 1 else 0 end as surely,
        case when c.answer = 'not_asked' then 0 else 1 end as asked,
        case when c.answer = 'not_published' then 1 else 0 end as open,
        case when c.answer = 'yes' then 1 else 0 end as yes,
        case when c.answer = 'dont_know' then 1 else 0 end as dont_know,
        case when c.answer = 'refused' then 1 else 0 end as refused,
        case when c.answer = 'no_answer' then 1 else 0 end as no_answer,
        case when c.answer = 'not_applicable' then 1 else 0 end as not_applicable
    from respondents r
    inner join city_answers c on c.wave = r.wave and c.city = r.city
    where r.engaged in ('yes', 'not_published')
) a;
comment on column engaged_answers.wave is 'Wave that the row belongs to.';
comment on column engaged_answers.question is 'actions, difficulties or management.';
comment on column engaged_answers.item is 'Code of the action or difficulty, or of the question on management.';
comment on column engaged_answers.city is 'Town.';
comment on column engaged_answers.answer is 'Answer of the town; yes to a detail is yes to its parent, and not_asked is what its revision did not ask.';
comment on column engaged_answers.cities is 'What the town surely adds to those that answered yes, 0 or 1; null where it was not asked.';
comment on column engaged_answers.cities_high is 'What it adds to them at most.';
comment on column engaged_answers.base is 'What it surely adds to the engaged towns that were asked; null where it was not asked.';
comment on column engaged_answers.base_high is 'What it adds to them at most.';
comment on column engaged_answers.not_asked is 'What it surely adds to the engaged towns that were not asked.';
comment on column engaged_answers.not_asked_high is 'What it adds to them at most.';
comment on column engaged_answers.dont_know is 'What it surely adds to those that do not know.';
comment on column engaged_answers.dont_know_high is 'What it adds to them at most.';
comment on column engaged_answers.refused is 'What it surely adds to those that refused to answer.';
comment on column engaged_answers.refused_high is 'What it adds to them at most.';
comment on column engaged_answers.no_answer is 'What it surely adds to those that gave no answer.';
comment on column engaged_answers.no_answer_high is 'What it adds to them at most.';
comment on column engaged_answers.not_applicable is 'What it surely adds to those to which the item does not apply.';
comment on column engaged_answers.not_applicable_high is 'What it adds to them at most.';
comment on column engaged_answers.source is 'Published figures that the answer was made from: a report, or report/key; empty where it was made from none.';
comment on column engaged_answers.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view item_counts as
-- Towns by their answer on every item of a question, with the range left open, which published_figures may narrow.
-- Where there were towns to ask and none was asked, the only number is that of the towns not asked.
select
    s.wave,
    i.question,
    i.item,
    i.position,
    coalesce(sum(a.cities), case when count(a.city) = 0 then 0 end) as cities,
    coalesce(sum(a.cities_high), case when count(a.city) = 0 then 0 end) as cities_high,
    coalesce(sum(a.base), case when count(a.city) = 0 then 0 end) as base,
    coalesce(sum(a.base_high), case when count(a.city) = 0 then 0 end) as base_high,
    coalesce(sum(a.not_asked), case when count(a.city) = 0 then 0 end) as not_asked,
    coalesce(sum(a.not_asked_high), case when count(a.city) = 0 then 0 end) as not_asked_high,
    coalesce(sum(a.dont_know), case when count(a.city) = 0 then 0 end) as dont_know,
    coalesce(sum(a.dont_know_high), case when count(a.city) = 0 then 0 end) as dont_know_high,
    coalesce(sum(a.refused), case when count(a.city) = 0 then 0 end) as refused,
    coalesce(sum(a.refused_high), case when count(a.city) = 0 then 0 end) as refused_high,
    coalesce(sum(a.no_answer), case when count(a.city) = 0 then 0 end) as no_answer,
    coalesce(sum(a.no_answer_high), case when count(a.city) = 0 then 0 end) as no_answer_high,
    coalesce(sum(a.not_applicable), case when count(a.city) = 0 then 0 end) as not_applicable,
    coalesce(sum(a.not_applicable_high), case when count(a.city) = 0 then 0 end) as not_applicable_high
from scope s
cross join question_items i
left join engaged_answers a on a.wave = s.wave and a.question = i.question and a.item = i.item
group by s.wave, i.question, i.item, i.position;
comment on column item_counts.wave is 'Wave.';
comment on column item_counts.question is 'actions, difficulties or management.';
comment on column item_counts.item is 'Code of the action or difficulty, or of the question on management.';
comment on column item_counts.position is 'Order in lists and reports.';
comment on column item_counts.cities is 'Engaged towns that answered yes, at least; null where none was asked.';
comment on column item_counts.cities_high is 'Engaged towns that answered yes, at most. Where answers are not_published, published_figures may know more: of 2006, rows tell 0 to 21 towns with population_exchange, and 16 are printed.';
comment on column item_counts.base is 'Engaged towns that were asked, at least: what cities is a share of.';
comment on column item_counts.base_high is 'Engaged towns that were asked, at most.';
comment on column item_counts.not_asked is 'Engaged towns that were not asked, at least.';
comment on column item_counts.not_asked_high is 'Engaged towns that were not asked, at most.';
comment on column item_counts.dont_know is 'Engaged towns that do not know, at least.';
comment on column item_counts.dont_know_high is 'Engaged towns that do not know, at most.';
comment on column item_counts.refused is 'Engaged towns that refused to answer, at least.';
comment on column item_counts.refused_high is 'Engaged towns that refused to answer, at most.';
comment on column item_counts.no_answer is 'Engaged towns that gave no answer, at least.';
comment on column item_counts.no_answer_high is 'Engaged towns that gave no answer, at most.';
comment on column item_counts.not_applicable is 'Engaged towns to which the item does not apply, at least.';
comment on column item_counts.not_applicable_high is 'Engaged towns to which the item does not apply, at most.';

create view published_figures as
-- Every figure printed in the publication of the wave in scope.
select
    s.wave,
    t.report,
    t.key,
    t.measure,
    t.place,
    t.position,
    t.printed,
    t.value,
    t.decimals,
    t.code,
    t.at_least,
    t.more_than_share
from scope s
inner join survey.published_figures t on t.wave = s.wave and t.revision = s.revision;
comment on column published_figures.wave is 'Wave that the row belongs to.';
comment on column published_figures.report is 'Report that the figure belongs to.';
comment on column published_figures.key is 'Key of the cell, its parts joined by /.';
comment on column published_figures.measure is 'Column of the report.';
comment on column published_figures.place is 'Where it is printed; figures of one place form one table.';
comment on column published_figures.position is 'Order in the publication, by report.';
comment on column published_figures.printed is 'What is printed.';
comment on column published_figures.value is 'Number that it states; null for words and names.';
comment on column published_figures.decimals is 'Decimals printed; null for words and names.';
comment on column published_figures.code is 'Code that a printed name stands for.';
comment on column published_figures.at_least is 'Least number that the words imply.';
comment on column published_figures.more_than_share is 'Share of the base that the words imply is exceeded.';

create view published_tables as
-- Reports for which the printed table is claimed complete.
select
    s.wave,
    t.report
from scope s
inner join survey.published_tables t on t.wave = s.wave and t.revision = s.revision;
comment on column published_tables.wave is 'Wave that the row belongs to.';
comment on column published_tables.report is 'Report.';

create view explanations as
-- Why printed figures disagree with the rows.
select
    s.wave,
    t.report,
    t.key,
    t.measure,
    t.because_fr,
    t.because_en,
    t.evidence
from scope s
inner join survey.explanations t on t.wave = s.wave and t.revision = s.revision;
comment on column explanations.wave is 'Wave that the row belongs to.';
comment on column explanations.report is 'Report.';
comment on column explanations.key is 'Key of the cell, its parts joined by /.';
comment on column explanations.measure is 'Column of the report.';
comment on column explanations.because_fr is 'Reason in French.';
comment on column explanations.because_en is 'Reason in English.';
comment on column explanations.evidence is 'Query that returns a row for each thing that speaks against the reason.';

create view claims as
-- Sentences of the publication that state something other than a figure of a report.
select
    s.wave,
    t.claim,
    t.position,
    t.place,
    t.printed,
    t.unit,
    t.statement_fr,
    t.statement_en,
    t.kind,
    t.offenders
from scope s
inner join survey.claims t on t.wave = s.wave and t.revision = s.revision;
comment on column claims.wave is 'Wave that the row belongs to.';
comment on column claims.claim is 'Name of the claim.';
comment on column claims.position is 'Order in the publication.';
comment on column claims.place is 'Where it stands.';
comment on column claims.printed is 'Its number or decisive words.';
comment on column claims.unit is 'What it is about: towns, agreements, partners and so on.';
comment on column claims.statement_fr is 'What it says, in French.';
comment on column claims.statement_en is 'What it says, in English.';
comment on column claims.kind is 'figure; wording: nothing to compute; source: the wave was made from it; consistency: print against print.';
comment on column claims.offenders is 'Query that returns a row for each thing that contradicts it.';

create view communes as
-- Communes of the register, present and former, by their INSEE codes.
select
    replace(code, '-D', '') as code,
    coalesce(status, 'commune') as kind,
    name,
    departement,
    case when status is not null then part_of end as part_of
from survey.cities
where kind = 'commune';
comment on column communes.code is 'INSEE code; a delegated commune may share that of the commune that it is part of.';
comment on column communes.kind is 'commune; for one that is none of its own any more: associated, delegated or former.';
comment on column communes.name is 'Official name; null where the register does not know it.';
comment on column communes.departement is 'Number of the departement; null outside of any.';
comment on column communes.part_of is 'Commune that an associated, delegated or former one is part of; null for any other.';

create view answer_codes as
-- Answers of closed questions, with their labels.
select list, code, position, label_fr, label_en
from survey.answer_codes;
comment on column answer_codes.list is 'answers, responses (outcome of the contact), no_date (why no date is known) or yes_no.';
comment on column answer_codes.code is 'Code, never reused.';
comment on column answer_codes.position is 'Order in lists.';
comment on column answer_codes.label_fr is 'Label in French.';
comment on column answer_codes.label_en is 'Label in English.';

create view ended_partnerships as
-- Agreements that a wave lists as ended, with the earliest and latest day of their end; in no report of that wave.
select
    p.wave,
    p.agreement,
    p.city,
    p.country,
    p.partner,
    p.since_from,
    p.since_to,
    p.until_from,
    p.until_to,
    p.inferred,
    p.source,
    p.partner_key,
    c.kind
from listed_agreements p
left join survey.cities c on c.code = p.city
where p.until_from is not null and p.apart is not true;
comment on column ended_partnerships.wave is 'Wave that the row belongs to.';
comment on column ended_partnerships.agreement is 'Number within the revision, in the order in which they were handed in.';
comment on column ended_partnerships.city is 'Town; null where the source does not tell.';
comment on column ended_partnerships.country is 'Country of the partner.';
comment on column ended_partnerships.partner is 'Partner authority; null where the source does not tell.';
comment on column ended_partnerships.since_from is 'Earliest day on which it can have begun.';
comment on column ended_partnerships.since_to is 'Latest day on which it can have begun.';
comment on column ended_partnerships.until_from is 'Earliest day on which it can have ended; null while it is in force.';
comment on column ended_partnerships.until_to is 'Latest day on which it can have ended; null while it is in force.';
comment on column ended_partnerships.inferred is 'Needed by one published table and missing from another.';
comment on column ended_partnerships.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column ended_partnerships.partner_key is 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
comment on column ended_partnerships.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view wave_pairs as
-- Each wave in scope with the one before it, by reference date.
select
    p.wave_before,
    p.wave,
    p.reference_date_before,
    p.reference_date
from (
    select
        lag(s.wave) over (order by s.reference_date, s.wave) as wave_before,
        s.wave,
        lag(s.reference_date) over (order by s.reference_date, s.wave) as reference_date_before,
        s.reference_date
    from scope s
) p
where p.wave_before is not null;
comment on column wave_pairs.wave_before is 'The earlier of two waves.';
comment on column wave_pairs.wave is 'The later of two waves.';
comment on column wave_pairs.reference_date_before is 'Date that the answers of the earlier wave are about.';
comment on column wave_pairs.reference_date is 'Date that the answers of the later wave are about.';

create view successors as
-- The town that each merged town belongs to on the wave's reference date: by its own last change, then its successor's.
with recursive changes as (
    select c.city, c.successor, c.changed_on from survey.city_changes c
    union
    select a.code, a.part_of, a.valid_to from survey.cities a
    where a.valid_to is not null and a.status is not null and a.part_of is not null
),
latest as (
    select
        s.wave,
        c.city,
        c.successor,
        c.changed_on,
        row_number() over (partition by s.wave, c.city order by c.changed_on desc) as place
    from scope s
    inner join changes c on c.changed_on <= s.reference_date
),
paths as (
    select l.wave, l.city, l.successor, l.changed_on, 1 as steps
    from latest l
    where l.place = 1
    union all
    select p.wave, p.city, l.successor, l.changed_on, p.steps + 1
    from paths p
    inner join latest l on l.wave = p.wave and l.city = p.successor and l.place = 1 and l.changed_on >= p.changed_on
    where p.steps < 100
)
select
    n.wave,
    n.city,
    n.successor,
    n.changed_on,
    c.kind
from (
    select
        p.wave,
        p.city,
        p.successor,
        p.changed_on,
        row_number() over (partition by p.wave, p.city order by p.steps desc) as place
    from paths p
) n
left join survey.cities c on c.code = n.city
where n.place = 1;
comment on column successors.wave is 'Wave on whose reference date the town is looked for.';
comment on column successors.city is 'Town that merged into another one.';
comment on column successors.successor is 'Town that it belongs to on that day.';
comment on column successors.changed_on is 'Day of the last of the changes that lead there.';
comment on column successors.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view followed_towns as
-- Towns of two waves; each of the earlier one is followed to the town that it is, or is part of, in the later one.
-- answered: unknown where the response is not published; but a town that lists agreements, ended or not, has answered,
-- and so has one that gives their number, even zero.
-- told: the same as answered, but unknown where the list of a town that answered may lack agreements.
select
    t.wave_before,
    t.wave,
    t.later,
    t.city,
    t.followed_to,
    t.answered,
    case when t.answered = 'yes' and not t.told_all then 'unknown' else t.answered end as told,
    t.engaged,
    t.agreements,
    t.agreements_high,
    t.kind
from (
    select
        p.wave_before,
        p.wave,
        r.wave = p.wave as later,
        r.city,
        case when r.wave = p.wave then r.city else coalesce(l.city, s.successor, r.city) end as followed_to,
        case
            when r.response = 'responded' or r.agreements > 0 or r.declared_agreements is not null then 'yes'
            when r.response = 'not_published' and e.city is not null then 'yes'
            when r.response = 'not_published' then 'unknown'
            else 'no'
        end as answered,
        r.engaged,
        r.agreements,
        r.agreements_high,
        coalesce(r.agreements_high = r.agreements, false) as told_all,
        r.kind
    from wave_pairs p
    inner join respondents r on r.wave in (p.wave_before, p.wave)
    left join (
        select w.wave, x.city
        from scope w
        inner join survey.respondents x on x.wave = w.wave and x.revision = w.revision
    ) l on l.wave = p.wave and l.city = r.city
    left join successors s on s.wave = p.wave and s.city = r.city
    left join (
        select distinct x.wave, x.city
        from ended_partnerships x
    ) e on e.wave = r.wave and e.city = r.city
) t;
comment on column followed_towns.wave_before is 'The earlier of two waves.';
comment on column followed_towns.wave is 'The later of two waves.';
comment on column followed_towns.later is 'Whether the town is of the later wave.';
comment on column followed_towns.city is 'Town.';
comment on column followed_towns.followed_to is 'Town of the later wave that it is, or is part of.';
comment on column followed_towns.answered is 'yes if it answered, no if not, unknown where that is not published and nothing it listed tells.';
comment on column followed_towns.told is 'The same as answered, but unknown where the list of a town that answered may lack agreements.';
comment on column followed_towns.engaged is 'yes if it has declared an agreement, no if it has not, not_published where that is left open; refused and not_asked where it did not answer.';
comment on column followed_towns.agreements is 'Number of its listed agreements in force: the least that it has.';
comment on column followed_towns.agreements_high is 'The most agreements that it may have declared; null where nothing bounds them.';
comment on column followed_towns.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view paired_towns as
-- Each town of two waves once, as it is in the later one: towns of each frame, whether it answered, its agreements.
-- engaged_high, agreements_high and those before: at most so many, as in respondents; null where there is no bound.
-- had_answered, had_told: unknown where only some of the towns that merged had; null where none was in the frame.
select
    f.wave_before,
    f.wave,
    f.followed_to as city,
    sum(case when f.later then 0 else 1 end) as towns_before,
    sum(case when f.later then 1 else 0 end) as towns,
    sum(case when not f.later and f.engaged = 'yes' then 1 else 0 end) as engaged_before,
    sum(case when f.later and f.engaged = 'yes' then 1 else 0 end) as engaged,
    sum(case when f.later then 0 else f.agreements end) as agreements_before,
    sum(case when f.later then f.agreements else 0 end) as agreements,
    case
        when count(distinct case when f.later then null else f.answered end) > 1 then 'unknown'
        else max(case when f.later then null else f.answered end)
    end as had_answered,
    max(case when f.later then f.answered end) as has_answered,
    case
        when count(distinct case when f.later then null else f.told end) > 1 then 'unknown'
        else max(case when f.later then null else f.told end)
    end as had_told,
    max(case when f.later then f.told end) as has_told,
    sum(case when not f.later and f.engaged in ('yes', 'not_published') then 1 else 0 end) as engaged_before_high,
    sum(case when f.later and f.engaged in ('yes', 'not_published') then 1 else 0 end) as engaged_high,
    case
        when count(*) = count(case when f.later then 0 else f.agreements_high end)
            then sum(case when f.later then 0 else f.agreements_high end)
    end as agreements_before_high,
    case
        when count(*) = count(case when f.later then f.agreements_high else 0 end)
            then sum(case when f.later then f.agreements_high else 0 end)
    end as agreements_high,
    min(f.kind) as kind
from followed_towns f
group by f.wave_before, f.wave, f.followed_to;
comment on column paired_towns.wave_before is 'The earlier of two waves.';
comment on column paired_towns.wave is 'The later of two waves.';
comment on column paired_towns.city is 'Town, as it is in the later wave.';
comment on column paired_towns.towns_before is 'Number of towns of the earlier frame that it is made of; 0 where it was not in that frame.';
comment on column paired_towns.towns is '1 if it is in the later frame, else 0.';
comment on column paired_towns.engaged_before is 'How many of those towns were engaged in the earlier wave, at least.';
comment on column paired_towns.engaged is '1 if it is engaged in the later wave, else 0; at least.';
comment on column paired_towns.agreements_before is 'Number of agreements listed in the earlier wave.';
comment on column paired_towns.agreements is 'Number of agreements listed in the later wave.';
comment on column paired_towns.had_answered is 'Whether it answered the earlier wave; unknown where only some of the towns that merged had, null where none was in the frame.';
comment on column paired_towns.has_answered is 'Whether it answered the later wave; null where it is not in the frame.';
comment on column paired_towns.had_told is 'Whether the earlier wave lists all agreements that it has, as had_answered.';
comment on column paired_towns.has_told is 'Whether the later wave lists all agreements that it has, as has_answered.';
comment on column paired_towns.engaged_before_high is 'How many of those towns were engaged in the earlier wave, at most.';
comment on column paired_towns.engaged_high is '1 if it is or may be engaged in the later wave, else 0.';
comment on column paired_towns.agreements_before_high is 'The most agreements that it may have had in the earlier wave; null where nothing bounds them.';
comment on column paired_towns.agreements_high is 'The most agreements that it may have in the later wave; null where nothing bounds them.';
comment on column paired_towns.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view panel as
-- Towns that answered both of two waves, with their agreements in each; towns that merged count as one.
select
    t.wave_before,
    t.wave,
    t.city,
    t.towns_before,
    t.agreements_before,
    t.agreements,
    t.agreements_before_high,
    t.agreements_high,
    t.kind
from paired_towns t
where t.towns_before > 0 and t.towns > 0 and t.had_answered = 'yes' and t.has_answered = 'yes';
comment on column panel.wave_before is 'The earlier of two waves.';
comment on column panel.wave is 'The later of two waves.';
comment on column panel.city is 'Town, as it is in the later wave.';
comment on column panel.towns_before is 'Number of towns of the earlier frame that it is made of; 0 where it was not in that frame.';
comment on column panel.agreements_before is 'Number of agreements listed in the earlier wave.';
comment on column panel.agreements is 'Number of agreements listed in the later wave.';
comment on column panel.agreements_before_high is 'The most agreements that it may have had in the earlier wave; null where nothing bounds them.';
comment on column panel.agreements_high is 'The most agreements that it may have in the later wave; null where nothing bounds them.';
comment on column panel.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view partner_pairs as
-- Partners of an earlier wave, each said to be the same as one of the wave in scope, or not, by a person who knows.
select
    s.wave,
    p.city,
    p.country,
    p.partner_before,
    p.partner,
    p.same,
    p.partner_before_key,
    p.partner_key,
    c.kind
from scope s
inner join survey.partner_pairs p on p.wave = s.wave and p.revision = s.revision
left join survey.cities c on c.code = p.city
where s.kind is null or c.kind = s.kind;
comment on column partner_pairs.wave is 'Wave that the row belongs to.';
comment on column partner_pairs.city is 'Town, as it is in this wave.';
comment on column partner_pairs.country is 'Country of both partners.';
comment on column partner_pairs.partner_before is 'Partner as an earlier wave names it.';
comment on column partner_pairs.partner is 'Partner as this wave names it.';
comment on column partner_pairs.same is 'Whether they are the same.';
comment on column partner_pairs.partner_before_key is 'Key of the earlier one, as in partnerships.';
comment on column partner_pairs.partner_key is 'Key of the later one, as in partnerships.';
comment on column partner_pairs.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view paired_partners as
-- Each partner of two waves once, by the town it is twinned with as that is in the later wave: agreements in each wave.
-- partner_key: that of the later wave, where a person said that it is the same; empty where no partner is named.
-- once: earlier agreements, counted once where towns now united both declared them. old: later ones, unless a date says
-- that they began since the earlier wave; begun: those. ended: listed by the later wave as ended since the earlier one.
with said as (
    select
        w.wave_before,
        w.wave,
        case
            when p.wave = w.wave_before then 'before'
            when p.since_from > w.reference_date_before then 'begun'
            else 'old'
        end as kind,
        p.city,
        p.country,
        p.partner,
        coalesce(p.partner_key, '') as partner_key,
        p.source
    from wave_pairs w
    inner join agreements_in_force p on p.wave in (w.wave_before, w.wave)
    union all
    select w.wave_before, w.wave, 'ended', e.city, e.country, e.partner, coalesce(e.partner_key, ''), e.source
    from wave_pairs w
    inner join ended_partnerships e on e.wave = w.wave and e.until_to > w.reference_date_before
),
by_city as (
    select
        s.wave_before,
        s.wave,
        coalesce(f.followed_to, 'unknown') as town,
        s.country,
        coalesce(c.partner_key, s.partner_key) as partner_key,
        s.city,
        min(case when s.kind = 'before' then s.partner end) as partner_before,
        min(case when s.kind <> 'before' then s.partner end) as partner,
        sum(case when s.kind = 'before' then 1 else 0 end) as earlier,
        sum(case when s.kind = 'old' then 1 else 0 end) as old,
        sum(case when s.kind = 'begun' then 1 else 0 end) as begun,
        sum(case when s.kind = 'ended' then 1 else 0 end) as ended,
        min(s.source) as source,
        max(s.source) as last_source,
        min(f.kind) as kind
    from said s
    left join followed_towns f
        on f.wave = s.wave and f.city = s.city and f.later = (s.kind <> 'before')
    left join partner_pairs c
        on c.wave = s.wave and c.city = f.followed_to and c.country = s.country
        and c.partner_before_key = s.partner_key and c.same and s.kind = 'before'
    group by
        s.wave_before,
        s.wave,
        coalesce(f.followed_to, 'unknown'),
        s.country,
        coalesce(c.partner_key, s.partner_key),
        s.city,
        s.kind
)
select
    c.wave_before,
    c.wave,
    c.town,
    c.country,
    c.partner_key,
    min(c.partner_before) as partner_before,
    min(c.partner) as partner,
    sum(c.earlier) as earlier,
    case when c.partner_key = '' then sum(c.earlier) else max(c.earlier) end as once,
    sum(c.old) as old,
    sum(c.begun) as begun,
    sum(c.ended) as ended,
    min(c.source) as source,
    max(c.last_source) as last_source,
    min(c.kind) as kind
from by_city c
group by c.wave_before, c.wave, c.town, c.country, c.partner_key;
comment on column paired_partners.wave_before is 'The earlier of two waves.';
comment on column paired_partners.wave is 'The later of two waves.';
comment on column paired_partners.town is 'Town, as it is in the later wave; unknown where an agreement tells none.';
comment on column paired_partners.country is 'Country of the partner.';
comment on column paired_partners.partner_key is 'Key of the partner, as in partnerships: that of the later wave, where a person said that it is the same; empty where no partner is named: such agreements are matched by town and country alone.';
comment on column paired_partners.partner_before is 'Partner as the earlier wave names it.';
comment on column paired_partners.partner is 'Partner as the later wave names it.';
comment on column paired_partners.earlier is 'Number of agreements in the earlier wave.';
comment on column paired_partners.once is 'The same, counted once where towns that are now united both declared them. 0 means that it is new only where paired_towns.had_told is yes.';
comment on column paired_partners.old is 'Number of agreements in the later wave, but for those that a date says began since the earlier one. 0 means that it is gone only where paired_towns.has_told is yes.';
comment on column paired_partners.begun is 'Number of agreements in the later wave that a date says began since the earlier one.';
comment on column paired_partners.ended is 'Number of agreements that the later wave lists as ended since the earlier one.';
comment on column paired_partners.source is 'Published figures that a row behind it was made from: a report, or report/key; the first by the alphabet.';
comment on column paired_partners.last_source is 'The same, the last by the alphabet.';
comment on column paired_partners.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view apart_partnerships as
-- Agreements with a partner at home, in a wave that sets them apart: in no other view and in no international figure.
select
    p.wave,
    p.agreement,
    p.city,
    p.country,
    p.partner,
    p.since_from,
    p.since_to,
    p.since_missing,
    p.until_from,
    p.until_to,
    p.inferred,
    p.source,
    p.partner_key,
    c.kind
from listed_agreements p
left join survey.cities c on c.code = p.city
where p.apart;
comment on column apart_partnerships.wave is 'Wave that the row belongs to.';
comment on column apart_partnerships.agreement is 'Number within the revision, in the order in which they were handed in.';
comment on column apart_partnerships.city is 'Town; null where the source does not tell.';
comment on column apart_partnerships.country is 'Country of the partner.';
comment on column apart_partnerships.partner is 'Partner authority; null where the source does not tell.';
comment on column apart_partnerships.since_from is 'Earliest day on which it can have begun.';
comment on column apart_partnerships.since_to is 'Latest day on which it can have begun.';
comment on column apart_partnerships.since_missing is 'Why no date is known; null where one is.';
comment on column apart_partnerships.until_from is 'Earliest day on which it can have ended; null while it is in force.';
comment on column apart_partnerships.until_to is 'Latest day on which it can have ended; null while it is in force.';
comment on column apart_partnerships.inferred is 'Needed by one published table and missing from another.';
comment on column apart_partnerships.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column apart_partnerships.partner_key is 'Partner: letters and digits alone, without case and accents, St for Saint; the same for all spellings; null where the source does not tell.';
comment on column apart_partnerships.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view questions as
-- Questions that the waves in scope ask, beside their agreements, actions and difficulties.
-- report: the report that counts their answers, null where none does.
select
    q.wave,
    q.question,
    q.kind,
    q.label_fr,
    q.label_en,
    q.asked_of,
    q.list,
    q.unit,
    q.least,
    q.most,
    q.default_answer,
    q.position,
    case
        when i.item is not null and q.kind = 'yes_no' then 'management'
        when q.kind in ('yes_no', 'choice', 'choices') then 'answers'
        when q.kind = 'number' then 'numbers'
    end as report
from scope s
inner join survey.questions q on q.wave = s.wave and q.revision = s.revision
left join question_items i on i.question = 'management' and i.item = q.question;
comment on column questions.wave is 'Wave that the row belongs to.';
comment on column questions.question is 'Code of the question.';
comment on column questions.kind is 'yes_no, choice (one item), choices (any items), number, date or text.';
comment on column questions.label_fr is 'The question in French.';
comment on column questions.label_en is 'The question in English.';
comment on column questions.asked_of is 'respondents, or engaged: those of them that have an agreement.';
comment on column questions.list is 'Code list that its items are from; null where they are its own, or where it has none.';
comment on column questions.unit is 'Unit of a number, such as EUR.';
comment on column questions.least is 'Least number that may be answered; null where there is none.';
comment on column questions.most is 'Greatest number that may be answered; null where there is none.';
comment on column questions.default_answer is 'Answer of a respondent that gives none.';
comment on column questions.position is 'Order in lists and reports.';
comment on column questions.report is 'Report that counts its answers; null where none does.';

create view asked_items as
-- Items of the questions that the waves in scope ask on their own: those that they asked, whatever a code list is today.
select i.wave, i.question, i.item, i.parent, i.label_fr, i.label_en, i.position
from scope s
inner join survey.question_items i on i.wave = s.wave and i.revision = s.revision;
comment on column asked_items.wave is 'Wave that the row belongs to.';
comment on column asked_items.question is 'Question.';
comment on column asked_items.item is 'Code of the item.';
comment on column asked_items.parent is 'Item that this one is a kind of: a yes to it is a yes to the parent.';
comment on column asked_items.label_fr is 'Label in French.';
comment on column asked_items.label_en is 'Label in English.';
comment on column asked_items.position is 'Order in lists and reports.';

create view answers as
-- Answer of every respondent to every question that its wave asks on its own, one row per item where several may be given.
-- base: yes where the question was put to it, no where it was not, unknown where that is left open.
-- answer: yes, no, or the item that was chosen; of numbers, dates and texts null. missing: why there is none.
-- A yes to a detail is a yes to its parent.
with asked as (
    select
        r.wave,
        s.revision,
        r.city,
        r.kind,
        q.question,
        q.kind as question_kind,
        q.unit,
        q.position,
        coalesce(i.item, '') as item,
        i.parent,
        i.position as item_position,
        case
            when r.response in ('refused', 'not_reached') then 'no'
            when q.asked_of = 'engaged' and r.engaged = 'no' then 'no'
            when r.response = 'not_published' and r.agreements = 0 then 'unknown'
            when q.asked_of = 'engaged' and r.engaged <> 'yes' then 'unknown'
            else 'yes'
        end as base,
        case
            when r.response = 'refused' then 'refused'
            when r.response = 'not_reached' then 'not_asked'
            when q.asked_of = 'engaged' and r.engaged = 'no' then 'not_applicable'
            when q.default_answer is not null then q.default_answer
            when r.response = 'not_published' and r.agreements = 0 then 'not_published'
            else 'no_answer'
        end as otherwise
    from respondents r
    inner join scope s on s.wave = r.wave
    inner join questions q on q.wave = r.wave
    left join asked_items i on i.wave = q.wave and i.question = q.question and q.kind = 'choices'
),
given as (
    select
        a.*,
        x.code,
        x.number,
        x.date_from,
        x.date_to,
        x.text,
        case
            when x.city is null and a.otherwise not in ('yes', 'no') then a.otherwise
            else x.missing
        end as missing,
        case when x.city is null and a.otherwise in ('yes', 'no') then a.otherwise else x.code end as said,
        coalesce(x.source, '') as source
    from asked a
    left join survey.answers x
        on x.wave = a.wave and x.revision = a.revision and x.city = a.city and x.question = a.question and x.item = a.item
)
select
    g.wave,
    g.city,
    g.question,
    g.item,
    case when d.city is not null then 'yes' else g.said end as answer,
    case
        when g.item <> '' then i.label_fr
        else coalesce(c.label_fr, l.label_fr)
    end as label_fr,
    case
        when g.item <> '' then i.label_en
        else coalesce(c.label_en, l.label_en)
    end as label_en,
    g.number,
    g.unit,
    g.date_from,
    g.date_to,
    g.text,
    case when d.city is null then g.missing end as missing,
    g.base,
    g.question_kind,
    g.position,
    g.item_position,
    g.source,
    g.kind
from given g
left join (
    select distinct y.wave, y.city, y.question, y.parent
    from given y
    where y.said = 'yes' and y.parent is not null
) d on d.wave = g.wave and d.city = g.city and d.question = g.question and d.parent = g.item
left join asked_items i on i.wave = g.wave and i.question = g.question and i.item = g.item
left join asked_items c on c.wave = g.wave and c.question = g.question and c.item = g.said
left join survey.answer_codes l on l.list = 'answers' and l.code = g.said;
comment on column answers.wave is 'Wave that the row belongs to.';
comment on column answers.city is 'Authority.';
comment on column answers.question is 'Question.';
comment on column answers.item is 'Item of a question with any items; empty for all others.';
comment on column answers.answer is 'yes, no, or the item that was chosen; null for numbers, dates and texts, and where there is none.';
comment on column answers.label_fr is 'Label in French: of the item that may be given among several, else of the answer.';
comment on column answers.label_en is 'Label in English: of the item that may be given among several, else of the answer.';
comment on column answers.number is 'Number, in the unit of the question.';
comment on column answers.unit is 'Unit of a number, such as EUR.';
comment on column answers.date_from is 'First day of the period that was answered.';
comment on column answers.date_to is 'Last day of the period that was answered.';
comment on column answers.text is 'Text, as it was answered.';
comment on column answers.missing is 'Why there is no answer; null where there is one.';
comment on column answers.base is 'yes where the question was put to it, no where it was not, unknown where that is left open.';
comment on column answers.question_kind is 'Kind of the question: yes_no, choice (one item), choices (any items), number, date or text.';
comment on column answers.position is 'Order of the question in lists and reports.';
comment on column answers.item_position is 'Order of the item within its question; null where the question has no items to be given one by one.';
comment on column answers.source is 'Published figures that the row was made from: a report, or report/key.';
comment on column answers.kind is 'Kind of authority: commune, epci, departement, region, or what another country has.';

create view size_classes as
-- Classes of authorities of a kind by the number of their inhabitants: from `least`, below `below`.
select code, kind, least, below, position, label_fr, label_en
from survey.size_classes;
comment on column size_classes.code is 'Code, never reused.';
comment on column size_classes.kind is 'Kind of authority, as in cities.';
comment on column size_classes.least is 'Least number of inhabitants.';
comment on column size_classes.below is 'Number of inhabitants below which it ends; null where it has no end.';
comment on column size_classes.position is 'Order in lists and reports.';
comment on column size_classes.label_fr is 'Label in French.';
comment on column size_classes.label_en is 'Label in English.';
