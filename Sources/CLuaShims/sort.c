// table.sort as a stable merge sort. Lua's own quicksort picks pivots of large lists by the clock, so the order of
// equal elements would change from run to run. Any order function is safe here; an inconsistent one gives some order.
#include "internal.h"

static bool less(lua_State *L, int a, int b, bool custom) {
    if (!custom) return lua_compare(L, a, b, LUA_OPLT);
    a = lua_absindex(L, a);
    b = lua_absindex(L, b);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    bool result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
}

// Merges source[low, middle) and source[middle, high) into target. Tables are stack indices; the lists are plain.
static void merge(
    lua_State *L, int source, int target, lua_Integer low, lua_Integer middle, lua_Integer high, bool custom) {
    lua_Integer i = low, j = middle, out = low;
    while (i < middle && j < high) {
        lua_rawgeti(L, source, i);
        lua_rawgeti(L, source, j);
        if (less(L, -1, -2, custom)) {
            lua_rawseti(L, target, out++);
            lua_pop(L, 1);
            j++;
        } else {
            lua_pop(L, 1);
            lua_rawseti(L, target, out++);
            i++;
        }
    }
    for (; i < middle; i++) {
        lua_rawgeti(L, source, i);
        lua_rawseti(L, target, out++);
    }
    for (; j < high; j++) {
        lua_rawgeti(L, source, j);
        lua_rawseti(L, target, out++);
    }
}

int rho_lua_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count < INT32_MAX, 1, "array too big");
    bool custom = !lua_isnoneornil(L, 2);
    if (custom) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (count < 2) return 0;
    lua_createtable(L, (int)count, 0);
    lua_createtable(L, (int)count, 0);
    int source = 3, target = 4;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 1, i);
        lua_rawseti(L, source, i);
    }
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width <= count ? low + width : count + 1;
            lua_Integer high = low + 2 * width <= count ? low + 2 * width : count + 1;
            merge(L, source, target, low, middle, high, custom);
        }
        int swap = source;
        source = target;
        target = swap;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, source, i);
        lua_seti(L, 1, i);
    }
    return 0;
}
