// Iteration in a defined order. Numbers ascend, then strings by bytes, then false and true, then objects (tables,
// functions, coroutines, native objects) in the order of their creation, then what has no creation: light functions,
// pointers and foreign userdata, by address. Stock Lua's order depends on a random seed and on addresses.
//
// `pairs` walks over the keys that are there when it is called: entries removed meanwhile are left out, new ones are not
// seen. `next(t, k)` gives the first key above k, whether k is still there or not.
#include "internal.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    int rank;          // number, string, boolean, object, light
    bool whole;
    int64_t integer;   // whole number, boolean, serial or address
    double number;
    const char *text;
    size_t length;
    lua_Integer slot;  // where the key stands in the list of keys
} Key;

static void read_key(lua_State *L, int index, Key *key) {
    key->whole = true;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        key->rank = 0;
        key->whole = lua_isinteger(L, index);
        key->integer = key->whole ? lua_tointeger(L, index) : 0;
        key->number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        key->rank = 1;
        key->text = lua_tolstring(L, index, &key->length);
        break;
    case LUA_TBOOLEAN:
        key->rank = 2;
        key->integer = lua_toboolean(L, index);
        break;
    default:
        key->integer = (int64_t)rho_serial(L, index);
        key->rank = key->integer != 0 ? 3 : 4;
        if (key->rank == 4) key->integer = (int64_t)(intptr_t)lua_topointer(L, index);
    }
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_keys(const void *left, const void *right) {
    const Key *a = left, *b = right;
    if (a->rank != b->rank) return ORDER(a->rank, b->rank);
    if (a->rank == 1) {
        int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
        return order != 0 ? order : ORDER(a->length, b->length);
    }
    // A float key is never integral within the range of integers (Lua turns those into integers), so comparing it with
    // an integer in double precision cannot tie.
    if (a->rank == 0 && !(a->whole && b->whole)) return ORDER(a->number, b->number);
    return ORDER(a->integer, b->integer);
}

int64_t rho_compare_keys(lua_State *L, int a, int b) {
    Key x, y;
    read_key(L, a, &x);
    read_key(L, b, &y);
    return compare_keys(&x, &y);
}

// Whether lua_next already yields the keys of the table at `index` in order; else also counts them.
static bool is_ordered(lua_State *L, int index, lua_Integer *count) {
    Key last, key;
    bool ordered = true, first = true;
    *count = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        ++*count;
        if (!ordered) continue;
        read_key(L, -1, &key);
        if (!first && compare_keys(&last, &key) > 0) ordered = false;
        last = key;
        first = false;
    }
    return ordered;
}

// Pushes a list of the keys of the table at `index`, in order.
static void push_sorted_keys(lua_State *L, int index, lua_Integer count) {
    lua_createtable(L, (int)count, 0);
    int list = lua_gettop(L);
    Key *keys = lua_newuserdatauv(L, (size_t)count * sizeof *keys, 0);
    lua_createtable(L, (int)count, 0);
    int unsorted = lua_gettop(L);
    lua_Integer n = 0;
    lua_pushnil(L);
    while (n < count && lua_next(L, index)) {
        lua_pop(L, 1);
        read_key(L, -1, &keys[n]);
        keys[n].slot = n + 1;
        lua_pushvalue(L, -1);
        lua_rawseti(L, unsorted, ++n);
    }
    lua_settop(L, unsorted);
    qsort(keys, (size_t)n, sizeof *keys, compare_keys);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, unsorted, keys[i].slot);
        lua_rawseti(L, list, i + 1);
    }
    lua_settop(L, list);
}

static int plain_next(lua_State *L) {
    lua_settop(L, 2);
    if (lua_next(L, 1)) return 2;
    lua_pushnil(L);
    return 1;
}

// upvalues: list of keys, position
static int snapshot_next(lua_State *L) {
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(1), ++i) == LUA_TNIL) return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) break;  // not removed since
        lua_pop(L, 2);
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

int rho_lua_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_Integer count;
    if (is_ordered(L, 1, &count)) {
        lua_pushcfunction(L, plain_next);
    } else {
        push_sorted_keys(L, 1, count);
        lua_pushinteger(L, 0);
        lua_pushcclosure(L, snapshot_next, 2);
    }
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

// The smallest key above the one at index 2 (nil: above nothing) in one pass. Well defined even if that key is gone.
static int successor(lua_State *L) {
    bool bounded = !lua_isnil(L, 2), found = false;
    Key floor, best, key;
    if (bounded) read_key(L, 2, &floor);
    lua_pushnil(L);
    int result = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        read_key(L, -1, &key);
        if ((bounded && compare_keys(&key, &floor) <= 0) || (found && compare_keys(&key, &best) >= 0)) continue;
        best = key;
        found = true;
        lua_copy(L, -1, result);
    }
    if (!found) return 1;
    lua_pushvalue(L, result);
    lua_rawget(L, 1);
    return 2;
}

static const char next_cache;  // its address: registry key of the weak map table -> list of keys, position at 0

static void push_next_cache(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &next_cache) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &next_cache);
}

// A walk by `next` keeps its list of keys between calls; starting over, or reaching the end, forgets it.
int rho_lua_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    push_next_cache(L);
    lua_pushvalue(L, 1);
    int cached = lua_rawget(L, 3);
    if (lua_isnil(L, 2)) {
        if (cached == LUA_TTABLE) {
            lua_pushvalue(L, 1);
            lua_pushnil(L);
            lua_rawset(L, 3);
        }
        return successor(L);
    }
    if (cached != LUA_TTABLE) {
        lua_Integer count;
        lua_pop(L, 1);
        is_ordered(L, 1, &count);
        push_sorted_keys(L, 1, count);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, 3);
    }
    lua_rawgeti(L, 4, 0);
    lua_Integer i = lua_tointeger(L, -1);
    lua_rawgeti(L, 4, i > 0 ? i : 1);
    bool follows = lua_rawequal(L, -1, 2);
    if (i == 0) i = 1;
    lua_pop(L, 2);
    if (!follows) {
        // Not the key handed out last: find the first key above it.
        for (i = 0; lua_rawgeti(L, 4, i + 1) != LUA_TNIL; i++) {
            bool above = rho_compare_keys(L, -1, 2) > 0;
            lua_pop(L, 1);
            if (above) break;
        }
    }
    lua_settop(L, 4);
    for (;;) {
        if (lua_rawgeti(L, 4, ++i) == LUA_TNIL) break;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) {
            lua_pushinteger(L, i);
            lua_rawseti(L, 4, 0);
            return 2;
        }
        lua_pop(L, 2);
    }
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    lua_rawset(L, 3);
    lua_pushnil(L);
    return 1;
}

static int sorted_pairs(lua_State *L) {
    lua_Integer count;
    is_ordered(L, 1, &count);
    push_sorted_keys(L, 1, count);
    lua_createtable(L, (int)(2 * count), 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, 1);
        lua_rawseti(L, 3, 2 * i);
        lua_rawseti(L, 3, 2 * i - 1);
    }
    return 1;
}

int rho_sorted_pairs(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_pushcfunction(L, sorted_pairs);
    lua_pushvalue(L, index);
    return rho_plain_pcall(L, 1, 1);
}
