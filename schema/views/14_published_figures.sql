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
inner join survey.published_figures t on t.wave = s.wave and t.revision = s.revision
