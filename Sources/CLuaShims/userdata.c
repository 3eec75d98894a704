// Boxes for Swift objects. A box is a full userdata that holds one strong reference; its class is known by the identity
// of its metatable, never by a name.
#include "internal.h"
#include <stdlib.h>
#include <string.h>

static const char box_cache;   // its address: registry key of the weak map object -> box
static const char box_marker;  // its address: light key in every box metatable, value = class

static void push_cache(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &box_cache) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushstring(L, "__mode");
    lua_pushstring(L, "v");
    lua_rawset(L, -3);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &box_cache);
}

RhoBox *rho_box(lua_State *L, int index) {
    RhoBox *box = lua_touserdata(L, index);
    if (box == NULL || lua_islightuserdata(L, index) || !lua_getmetatable(L, index)) return NULL;
    lua_rawgetp(L, -1, &box_marker);
    const void *type = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return type != NULL && type == box->type ? box : NULL;
}

static void drop(lua_State *L, RhoBox *box) {
    void *object = box->object;
    if (object == NULL) return;
    RhoHost *host = rho_host(L);
    box->object = NULL;
    host->external -= box->bytes;
    host->objects--;
    int depth = host->swift_depth;
    host->swift_depth = depth + 1;
    host->callbacks.drop(object);
    host->swift_depth = depth;
}

static int collect(lua_State *L) {
    RhoBox *box = rho_box(L, 1);
    if (box == NULL) return 0;
    drop(L, box);
    free(box->released_at);
    box->released_at = NULL;
    return 0;
}

void rho_release_box(lua_State *L, RhoBox *box, const char *place) {
    if (box->object == NULL) return;
    box->released_at = strdup(place);
    // The object may live on elsewhere and come back to Lua: then it needs a new box.
    push_cache(L);
    lua_pushnil(L);
    lua_rawsetp(L, -2, box->object);
    lua_pop(L, 1);
    drop(L, box);
}

bool rho_push_known_metatable(lua_State *L, const void *type) {
    return lua_rawgetp(L, LUA_REGISTRYINDEX, type) == LUA_TTABLE;
}

void rho_push_metatable_table(lua_State *L, const void *key) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

const void *rho_error_key(void) {
    static const char key;
    return &key;
}

void rho_push_metatable(lua_State *L, const void *type, const char *name) {
    lua_newtable(L);
    lua_pushlightuserdata(L, (void *)type);
    lua_rawsetp(L, -2, &box_marker);
    lua_pushstring(L, "__gc");
    lua_pushcfunction(L, collect);
    lua_rawset(L, -3);
    lua_pushstring(L, "__name");
    lua_pushstring(L, name);
    lua_rawset(L, -3);
    lua_pushstring(L, "__metatable");
    lua_pushstring(L, name);
    lua_rawset(L, -3);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, type);
}

void rho_push_object(lua_State *L, void *object, const void *type, int64_t bytes) {
    RhoHost *host = rho_host(L);
    push_cache(L);
    if (lua_rawgetp(L, -1, object) == LUA_TUSERDATA) {
        RhoBox *box = lua_touserdata(L, -1);
        if (box->type == type && box->object == object) {
            lua_remove(L, -2);
            host->callbacks.drop(object);
            return;
        }
    }
    lua_pop(L, 1);
    RhoBox *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->object = object;
    box->type = type;
    box->serial = ++host->serial;
    box->bytes = bytes;
    box->released_at = NULL;
    host->objects++;
    rho_push_known_metatable(L, type);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, object);
    lua_remove(L, -2);
    rho_external_add(L, bytes);
}

// upvalues: methods table, fallback function
static int index_member(lua_State *L) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

void rho_push_index(lua_State *L, int methods, void *fallback) {
    lua_pushvalue(L, methods);
    rho_push_function(L, fallback);
    lua_pushcclosure(L, index_member, 2);
}
