select * from raw.survey.zones
