/*
table = "frame"
reads = ["frame"]
column = "city"
severity = "warning"
message = { fr = "est ici l’autorité {code} du genre {kind}, et non une commune", en = "is here the authority {code} of the kind {kind}, and no commune" }
remedy = { fr = "si elle a été interrogée, écrivez son code ; si la ligne est un sous-total, supprimez-la", en = "if it was asked, write its code; if the line is a subtotal, delete it" }
*/
select r.line, r.city as value, g.code, g.kind
from raw_frame r
inner join meant_frame_city m on m.text = r.city and m.text <> m.code and r.city_code is null
inner join register g on g.code = m.code and g.kind <> 'commune'
where exists (
    select 1
    from meant_frame_city o
    inner join register c on c.code = o.code and c.kind = 'commune'
    where o.text in (select city from raw_frame)
)
order by r.line
