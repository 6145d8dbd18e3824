{{ config(materialized='view') }}
select code from raw.survey.countries
