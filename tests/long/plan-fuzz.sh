#!/bin/bash
# Lua behaves the same wherever --plan-in puts its sections: as one program, as a shared library with modules, and static; and
# the programs of tests/story/plan-fuzz.sh do, with plans that the story does not try.
# timeout: 3600
# packages: dpkg-dev
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
. "$GILD_SRC/tests/story/plans.bash"
N=${N:-80} SEED=${SEED:-1000}
export SEED

mkdir story
(cd story && N=$N bash "$GILD_SRC/tests/story/plan-fuzz.sh")

"$GILD_SRC/scripts/fetch-source.sh" lua5.4 source > fetch.txt 2>&1 || skip "no source of lua5.4: $(tail -n 1 fetch.txt)"
# Debian's rules write this header; it chooses search paths only.
echo '#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"' > source/src/lua5.4-deb-multiarch.h
build_plan_shuffle

cat > module.c <<'END'
#include "lua.h"
#include "lauxlib.h"
static int add(lua_State *L) { lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2)); return 1; }
static int call(lua_State *L) { lua_call(L, 0, 1); return 1; }
static int boom(lua_State *L) { return luaL_error(L, "boom %d", 7); }
static const luaL_Reg functions[] = {{"add", add}, {"call", call}, {"boom", boom}, {0, 0}};
int luaopen_module(lua_State *L) { luaL_newlib(L, functions); return 1; }
END
cat > test.lua <<'END'
local found, m = pcall(require, "module")
if found then print(m.add(40, 2), m.call(function() return "back" end), pcall(m.boom)) end
print(_VERSION, #package.searchers, 7 // 2, 1 << 40, 2 ^ 0.5, -7 % 3, 10 / 4, "10" + 5, 3 | 8, ~0)
local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch "%a+" do words[#words + 1] = word:upper() end
table.sort(words)
print(table.concat(words, ","), #words, table.unpack(words, 2, 4))
local co = coroutine.wrap(function() for i = 1, 300 do coroutine.yield(i) end end)
local sum = 0
for i = 1, 300 do sum = sum + co() end
print(sum, math.floor(math.sin(1) * 1e6), math.max(3, 9, 4), math.tointeger(3.0), math.type(1.5), math.ult(1, -1))
print(string.format("%5.2f|%-4s|%q|%x|%g", math.pi, "x", "a\nb", 255, 1e100), ("x"):rep(3, "-"), ("abc"):byte(1, -1))
print(("hello world"):gsub("o", "0"), ("key = value"):match "^(%w+)%s*=%s*(%w+)$", ("abc"):reverse(), #utf8.char(228, 8364))
print(string.unpack("<i4", string.pack("<i4", -9)), utf8.len "äö", tostring(nil), tostring(1e15), 0x7fffffffffffffff + 1)
local object = setmetatable({}, {__index = function(_, k) return k .. "!" end, __call = function(_, x) return x * 2 end,
	__add = function() return "sum" end, __tostring = function() return "object" end, __close = function() print "closed" end})
print(object.field, object(21), object + 1, tostring(object))
do local x <close> = object end
print(pcall(error, {code = 5}), select("#", pcall(error)), select(2, pcall(load, "x = = 1")), load "return 1 + 1" ())
print((select(2, pcall(function() local t = nil; return t.x end))), (select(2, pcall(string.rep, "x", -1))))
print(pcall(function() local function r() return 1 + r() end return r() end) == false, debug.getinfo(1, "S").what)
local dumped = load(string.dump(function(a) local t = {} for i = 1, a do t[i] = i * i end return t[a] end))
print(dumped(12), os.time {year = 2020, month = 1, day = 1, hour = 12} > 0, os.getenv "NOTHING", type(os.clock()))
local f = assert(io.open("out.txt", "w")); f:write("line ", 1, "\n", 2.5, "\n"):close()
for line in io.lines "out.txt" do io.write(line, ";") end
print(io.open "missing/file")
local garbage = 0
for i = 1, 200 do setmetatable({}, {__gc = function() garbage = garbage + 1 end}) end
collectgarbage(); collectgarbage "generational"; collectgarbage()
print(garbage)
os.exit(11, true)
END

each() {
	local flags=(-O2 -std=gnu99 -ffunction-sections -fdata-sections -DLUA_COMPAT_5_3 -DLUA_USE_LINUX) f
	for f in ../source/src/*.c; do
		case $f in */lua.c | */luac.c) continue ;; esac
		echo "$f"
	done | xargs -P 2 -n 8 "${compile[@]}" "${flags[@]}" -fPIC -c
	ar rcs liblua.a ./*.o
	"${compile[@]}" "${flags[@]}" -fPIC -I../source/src -c ../module.c -o module.obj
	"${compile[@]}" "${flags[@]}" -c ../source/src/lua.c -o lua.obj
	"${compile[@]}" "${flags[@]}" -c ../source/src/luac.c -o luac.obj
	"${driver[@]}" -shared module.obj -o module.so
	export LUA_CPATH="./?.so"
	any_plan $N lua 11 "./lua ../test.lua" "${driver[@]}" lua.obj liblua.a -Wl,-E -lm -ldl
	any_plan $N lua-gc 11 "LUA_CPATH= ./lua-gc ../test.lua" "${driver[@]}" -no-pie lua.obj liblua.a -Wl,--gc-sections -lm -ldl
	any_plan $N module.so 11 "./lua ../test.lua" "${driver[@]}" -shared module.obj
	any_plan $N luac 0 "./luac -l -o test.luac ../test.lua | sed 's/0x[0-9a-f]*//g' && cksum < test.luac && ./lua test.luac | cksum" \
		"${driver[@]}" luac.obj liblua.a -lm -ldl
	any_plan $N lua-static 11 "LUA_CPATH= ./lua-static ../test.lua" "${driver[@]}" -static lua.obj liblua.a -lm
	"${driver[@]}" -shared ./*.o -lm -ldl -Wl,-soname,liblua.so.0 -o liblua.so.0
	any_plan $N lua-shared 11 "./lua-shared ../test.lua" "${driver[@]}" lua.obj ./liblua.so.0 -Wl,-rpath,.
	any_plan $N liblua.so.0 11 "./lua-shared ../test.lua" "${driver[@]}" -shared ./*.o -lm -ldl -Wl,-soname,liblua.so.0
}
each_compiler each
echo "$(wc -l < "$plans") random plans for Lua"
