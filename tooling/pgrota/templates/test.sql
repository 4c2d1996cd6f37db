begin;
select plan(2);

select has_function('template_schema', 'template_function');

-- given: rows that it works on
-- insert into ...

-- the deed, as somebody who calls it: set local role rota_worker;
select pass('say here what template_schema.template_function does, and show it');

select * from finish();
rollback;
