-- One row with its two unique keys.
\set p random(1, 9000000000000000)
\set s random(1, 1000)
INSERT INTO floor.check_in (county, session, person) VALUES (1, :s, :p) RETURNING id;
