#!/bin/bash
# Debian's SQLite builds through the linker; its shell, once with the library inside and once with the shared library,
# runs SQL over every large part of it with the expected answers, loads an extension, and the database checks.
# timeout: 600
# packages: dpkg-dev make tcl
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

have tclsh || skip "no tclsh to make the amalgamation with"
"$GILD_SRC/scripts/fetch-source.sh" sqlite3 source >fetch.txt 2>&1 || skip "no source of sqlite3: $(tail -n 1 fetch.txt)"
(cd source && CC="$CC -B$GILD_BIN" ./configure --disable-readline --disable-tcl >../configure.txt 2>&1 &&
	make sqlite3.c shell.c >../make.txt 2>&1) || { tail -20 configure.txt make.txt; exit 1; }

cat >test.sql <<'END'
.bail on
.load ./extension
create table t(id integer primary key, name text unique, size real);
create index by_size on t(size);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
  insert into t select i, printf('name-%05d', (i * 7919) % 20000), i * 1.5 from n;
commit;
select count(*), sum(id), max(name), avg(size) from t;
select name, rank() over (order by size desc) from t limit 2;
delete from t where id % 3 = 0;
update t set size = -size where name like 'name-0%';
select count(*), total(size) from t where size < 0;
create virtual table docs using fts5(body);
insert into docs values('the quick brown fox'), ('lazy dogs sleep'), ('quick silver');
select rowid, highlight(docs, 0, '[', ']') from docs where docs match 'quick' order by rowid;
select json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), json_array_length('[1,2,3]');
create virtual table box using rtree(id, x0, x1, y0, y1);
insert into box values(1, 0, 1, 0, 1), (2, 5, 6, 5, 6);
select id from box where x1 > 4;
select hex(zeroblob(3)), upper('ab'), round(2.567, 2), abs(-4), strftime('%Y', 0, 'unixepoch'), sin(0), doubled(21);
pragma integrity_check;
END
cat >expected.txt <<'END'
20000|200010000|name-19999|15000.75
name-00000|1
name-12081|2
6665|-100029678.0
1|the [quick] brown fox
3|[quick] silver
c|3
2
000000|AB|2.57|4|1970|0.0|42
ok
END
cat >extension.c <<'END'
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
static void doubled(sqlite3_context *c, int n, sqlite3_value **v) { sqlite3_result_int64(c, 2 * sqlite3_value_int64(v[0])); }
int sqlite3_extension_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
	SQLITE_EXTENSION_INIT2(api);
	return sqlite3_create_function(db, "doubled", 1, SQLITE_UTF8, 0, doubled, 0, 0);
}
END
each() {
	flags="-O0 -g -fPIC -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_THREADSAFE=1"
	"${compile[@]}" $flags -c ../source/sqlite3.c &
	"${compile[@]}" $flags -I../source -c ../source/shell.c
	wait $!
	"${driver[@]}" -fPIC -shared -I../source ../extension.c -o extension.so
	"${driver[@]}" shell.o sqlite3.o -lm -ldl -lpthread -o sqlite-inside
	"${driver[@]}" -shared sqlite3.o -lm -Wl,-soname,libsqlite3.so.0 -Wl,-z,defs -Wl,-Bsymbolic-functions -o libsqlite3.so.0
	"${driver[@]}" shell.o ./libsqlite3.so.0 -Wl,-rpath,'$ORIGIN' -o sqlite-shared
	for shell in inside shared; do
		rm -f test.db
		./sqlite-$shell test.db <../test.sql >answers-$shell.txt 2>&1 || { cat answers-$shell.txt; exit 1; }
		diff ../expected.txt answers-$shell.txt || fail "$shell: wrong answers"
	done
}
each_compiler each
