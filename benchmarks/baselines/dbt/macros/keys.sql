{% macro folded(x) -%}
replace(replace(replace(lower(strip_accents({{ x }})), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss')
{%- endmacro %}

{% macro match_key(x) -%}
trim(regexp_replace({{ folded(x) }}, '[^a-z0-9]+', ' ', 'g'))
{%- endmacro %}

{% macro sort_key(x) -%}
regexp_replace({{ folded(x) }}, '[^a-z0-9]', '', 'g')
{%- endmacro %}
