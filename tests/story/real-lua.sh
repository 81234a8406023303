#!/bin/bash
# Debian's Lua builds through the linker as a static library, a shared one and an interpreter; the interpreter runs a
# script over all its libraries and loads C modules that call back into it.
# timeout: 600
# packages: dpkg-dev
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

"$GILD_SRC/scripts/fetch-source.sh" lua5.4 source >fetch.txt 2>&1 || skip "no source of lua5.4: $(tail -n 1 fetch.txt)"
# Debian's rules write this header; it chooses search paths only.
echo '#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"' >source/src/lua5.4-deb-multiarch.h
cat >module.c <<'END'
#include "lua.h"
#include "lauxlib.h"
static int add(lua_State *L) { lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2)); return 1; }
static int call(lua_State *L) { lua_call(L, 0, 1); return 1; }
static int boom(lua_State *L) { return luaL_error(L, "boom %d", 7); }
static const luaL_Reg functions[] = {{"add", add}, {"call", call}, {"boom", boom}, {0, 0}};
int luaopen_module(lua_State *L) { luaL_newlib(L, functions); return 1; }
END
cat >test.lua <<'END'
local m = require "module"
assert(m.add(40, 2) == 42 and m.call(function() return "back" end) == "back")
local ok, message = pcall(m.boom)
assert(not ok and message:find "boom 7")
local t = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch "%a+" do t[#t + 1] = word:upper() end
table.sort(t)
assert(table.concat(t, ",") == "BROWN,DOG,FOX,JUMPS,LAZY,OVER,QUICK,THE,THE")
local co = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield(i) end end)
local sum = 0
for i = 1, 1000 do sum = sum + co() end
assert(sum == 500500 and math.floor(math.sin(1) * 1e6) == 841470 and 7 // 2 == 3 and 1 << 40 == 2 ^ 40)
assert(string.format("%5.2f|%-4s|%q", math.pi, "x", "a\nb") == ' 3.14|x   |"a\\\nb"')
assert(utf8.char(228, 8364) == "ä€" and string.unpack("<i4", string.pack("<i4", -9)) == -9)
local f = assert(io.open("out.txt", "w")); f:write("line\n"):close()
for line in io.lines "out.txt" do assert(line == "line") end
assert(os.time() > 0 and os.getenv "PATH" and load "return 1 + 1" () == 2)
setmetatable({}, {__gc = function() print "collected" end})
collectgarbage()
local deep = pcall(function() local function r() return 1 + r() end return r() end)
assert(not deep) -- stack overflow is caught
print(_VERSION, #package.searchers)
END
each() {
	for f in ../source/src/*.c; do
		case $f in */lua.c | */luac.c) continue ;; esac
		echo $f
	done | xargs -P 2 -n 8 "${compile[@]}" -O1 -fPIC -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX -c
	ar rcs liblua.a ./*.o
	"${driver[@]}" -shared ./*.o -lm -ldl -Wl,-soname,liblua.so.0 -Wl,-z,defs -o liblua.so.0
	"${compile[@]}" -O1 -fPIC -shared -I../source/src ../module.c -c -o module.obj
	"${driver[@]}" -shared module.obj -o module.so
	for main in lua luac; do "${compile[@]}" -O1 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX -c ../source/src/$main.c -o $main.obj; done
	"${driver[@]}" lua.obj liblua.a -Wl,-E -lm -ldl -o lua-archive
	"${driver[@]}" lua.obj ./liblua.so.0 -Wl,-rpath,'$ORIGIN' -o lua-shared
	"${driver[@]}" lua.obj liblua.a -Wl,-E -Wl,-z,now -lm -ldl -o lua-now
	"${driver[@]}" luac.obj liblua.a -lm -ldl -o luac
	for lua in ./lua-*; do
		same "collected Lua 5.4 4" "$(LUA_CPATH="./?.so" $lua ../test.lua | tr '\n\t' '  ' | sed 's/ $//')" "$lua"
	done
	./luac -o test.luac ../test.lua
	LUA_CPATH="./?.so" ./lua-archive test.luac | grep -q collected
	"${driver[@]}" -static lua.obj liblua.a -lm -o lua-static 2>link.txt # dlopen in a static program: glibc warns
	same 120 "$(./lua-static -e 'local function f(n) return n < 2 and 1 or n * f(n - 1) end print(f(5))')" "static"
}
each_compiler each
