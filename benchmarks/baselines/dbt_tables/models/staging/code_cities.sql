select * from raw.survey.cities
