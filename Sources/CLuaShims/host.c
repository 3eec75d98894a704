// One host record per Lua state. Its address sits in the extra space of the main thread, which Lua copies into every
// coroutine, so any lua_State leads to it.
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

RhoHost *rho_host(lua_State *L) { return *(RhoHost **)lua_getextraspace(L); }

void *rho_host_owner(lua_State *L) { return rho_host(L)->owner; }

void rho_host_set_owner(lua_State *L, void *owner) { rho_host(L)->owner = owner; }

void rho_write_stdout(const void *bytes, size_t count) {
    // Shares stdio's buffer with io.stdout, so that the two keep their order.
    fwrite(bytes, 1, count, stdout);
    fflush(stdout);
}

// warn(): as in Lua, off until the script says warn("@on"). Errors in finalizers become warnings too.
static void warn(void *context, const char *message, int to_continue) {
    RhoHost *host = context;
    if (!host->warning_continues && !to_continue && message[0] == '@') {
        if (strcmp(message, "@on") == 0) host->warnings = true;
        if (strcmp(message, "@off") == 0) host->warnings = false;
        return;
    }
    if (host->warnings) {
        fputs(host->warning_continues ? "" : "rhoscript: warning: ", stderr);
        fputs(message, stderr);
        if (!to_continue) fputc('\n', stderr);
    }
    host->warning_continues = to_continue;
}

// Reached only by a raise outside every protected call, which the rules of this layer exclude.
static int panic(lua_State *L) {
    (void)L;
    abort();
}

lua_State *rho_host_open(RhoCallbacks callbacks) {
    RhoHost *host = calloc(1, sizeof *host);
    if (host == NULL) return NULL;
    host->callbacks = callbacks;
    host->batch = 32 << 20;
    host->soft_external = 512 << 20;
    host->instructions_left = -1;
    host->swift_depth = 1;
    lua_State *L = lua_newstate(rho_allocate, host);
    if (L == NULL) {
        free(host);
        return NULL;
    }
    *(RhoHost **)lua_getextraspace(L) = host;
    host->main = L;
    atomic_store(&host->current, L);
    lua_atpanic(L, panic);
    lua_setwarnf(L, warn, host);
    return L;
}

void rho_host_close(lua_State *L) {
    RhoHost *host = rho_host(L);
    rho_signals_forget(host);
    lua_sethook(L, NULL, 0, 0);
    lua_close(L);
    free(host);
}

static void set_raw(lua_State *L, const char *name, lua_CFunction function) {
    lua_pushstring(L, name);
    lua_pushcfunction(L, function);
    lua_rawset(L, -3);
}

static int open_libraries(lua_State *L) {
    luaL_openlibs(L);
    lua_pushglobaltable(L);
    set_raw(L, "pairs", rho_lua_pairs);
    set_raw(L, "next", rho_lua_next);
    set_raw(L, "pcall", rho_lua_pcall);
    set_raw(L, "xpcall", rho_lua_xpcall);
    lua_getfield(L, -1, "table");
    set_raw(L, "sort", rho_lua_sort);
    lua_pop(L, 1);
    lua_getfield(L, -1, "coroutine");
    luaL_setfuncs(L, rho_coroutine_library, 0);
    return 0;
}

void rho_install_base(lua_State *L) {
    lua_pushcfunction(L, open_libraries);
    lua_pcall(L, 0, 0, 0);
}
