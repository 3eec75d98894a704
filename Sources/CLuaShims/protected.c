// Lua operations that may raise, run under lua_pcall on behalf of Swift.
#include "internal.h"

static int observe(lua_State *L) {
    RhoHost *host = rho_host(L);
    host->swift_depth++;
    host->callbacks.observe(L);
    host->swift_depth--;
    return 1;
}

// Allocation may fail again while Lua runs below: the protected call stands between the error and Swift's frames.
static int protected_call(lua_State *L, int arguments, int results, int handler) {
    RhoHost *host = rho_host(L);
    int depth = host->swift_depth;
    host->swift_depth = 0;
    int status = lua_pcall(L, arguments, results, handler);
    host->swift_depth = depth;
    if (status != LUA_OK && rho_is_unwind(L, -1)) host->caught = true;
    return status;
}

int rho_plain_pcall(lua_State *L, int arguments, int results) {
    return protected_call(L, arguments, results, 0);
}

int rho_pcall(lua_State *L, int arguments, int results) {
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, observe);
    lua_insert(L, base);
    int status = protected_call(L, arguments, results, base);
    lua_remove(L, base);
    return status;
}

int rho_load(lua_State *L, const char *bytes, size_t count, const char *name, const char *mode) {
    return luaL_loadbufferx(L, bytes, count, name, mode);
}

static int tolstring(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

const char *rho_tolstring(lua_State *L, int index, size_t *length) {
    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TSTRING) {
        lua_pushvalue(L, index);
        return lua_tolstring(L, -1, length);
    }
    lua_pushcfunction(L, tolstring);
    lua_pushvalue(L, index);
    if (protected_call(L, 1, 1, 0) != LUA_OK) {
        lua_pop(L, 1);
        lua_pushfstring(L, "%s: %p", lua_typename(L, lua_type(L, index)), lua_topointer(L, index));
    }
    return lua_tolstring(L, -1, length);
}

static int gettable(lua_State *L) {
    lua_gettable(L, 1);
    return 1;
}

int rho_gettable(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_pushcfunction(L, gettable);
    lua_insert(L, -2);
    lua_pushvalue(L, index);
    lua_insert(L, -2);
    return protected_call(L, 2, 1, 0);
}

static int settable(lua_State *L) {
    lua_settable(L, 1);
    return 0;
}

int rho_settable(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_pushcfunction(L, settable);
    lua_insert(L, -3);
    lua_pushvalue(L, index);
    lua_insert(L, -3);
    return protected_call(L, 3, 0, 0);
}

typedef struct {
    void (*write)(void *context, const void *bytes, size_t count);
    void *context;
} Sink;

static int write_piece(lua_State *L, const void *bytes, size_t count, void *context) {
    (void)L;
    Sink *sink = context;
    sink->write(sink->context, bytes, count);
    return 0;
}

int rho_dump(lua_State *L, int index, void (*write)(void *context, const void *bytes, size_t count), void *context) {
    Sink sink = {write, context};
    lua_pushvalue(L, index);
    int status = lua_dump(L, write_piece, &sink, 1);
    lua_pop(L, 1);
    return status;
}
