select * from raw.survey.countries
