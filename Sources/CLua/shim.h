// Debian's Lua 5.4 headers. Swift does not import function-like macros, so those that the host needs are functions here.
#pragma once
#include <lua.h>
#include <lualib.h>
#include <lauxlib.h>

// lua_pop: only of slots that are not to be closed, so this cannot raise.
static inline void rho_pop(lua_State *L, int count) { lua_settop(L, -count - 1); }
static inline void rho_remove(lua_State *L, int index) { lua_rotate(L, index, -1); lua_settop(L, -2); }
static inline void rho_insert(lua_State *L, int index) { lua_rotate(L, index, 1); }
static inline void rho_newtable(lua_State *L) { lua_createtable(L, 0, 0); }
static inline void rho_push_globals(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); }
static inline int rho_registry(void) { return LUA_REGISTRYINDEX; }
static inline int rho_reference(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }
static inline void rho_unreference(lua_State *L, int id) { luaL_unref(L, LUA_REGISTRYINDEX, id); }
static inline int rho_push_reference(lua_State *L, int id) { return lua_rawgeti(L, LUA_REGISTRYINDEX, id); }
