// Lua's allocator and the collector's view of memory that lives outside Lua's heap.
//
// The allocator counts, and never returns NULL while a Swift frame may be on the stack: the raise that follows a NULL
// would jump over that frame. A script over its soft limit is unwound by the hook at its next instruction; only an
// allocation that passes the hard limit inside Lua code fails on the spot.
//
// Tables, closures and coroutines get a serial number in the spare bytes behind their block (Lua says which kind of
// object it makes, and malloc_usable_size finds the place again), which gives `pairs` an order for object keys: the
// order in which the objects were made.
#include "internal.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t *serial_slot(void *block) {
    return (uint64_t *)((char *)block + ((malloc_usable_size(block) - sizeof(uint64_t)) & ~(size_t)7));
}

static void *no_memory(RhoHost *host, size_t size) {
    if (host->swift_depth == 0) return NULL;
    fprintf(stderr, "rhoscript: out of memory (%zu more bytes for Lua's heap of %zu)\n", size, host->used);
    abort();
}

void *rho_allocate(void *context, void *block, size_t old, size_t size) {
    RhoHost *host = context;
    if (size == 0) {
        if (block != NULL) host->used -= old;
        free(block);
        return NULL;
    }
    size_t before = block == NULL ? 0 : old;
    if (host->soft_limit != 0 && size > before && host->used + size - before > host->soft_limit) {
        if (host->used + size - before > host->hard_limit && host->swift_depth == 0) return NULL;
        rho_arm(host, RHO_UNWIND_MEMORY);
    }
    // Lua tries a second time after a collection, which must fail as well.
    if (host->fail_after > 0 && size > before && host->swift_depth == 0 && --host->fail_after < 2) return NULL;
    bool numbered = block == NULL && (old == LUA_TTABLE || old == LUA_TFUNCTION || old == LUA_TTHREAD);
    void *result = realloc(block, numbered ? size + 2 * sizeof(uint64_t) : size);
    if (result == NULL) return no_memory(host, size);
    host->used += size - before;
    if (numbered) *serial_slot(result) = ++host->serial;
    return result;
}

uint64_t rho_serial(lua_State *L, int index) {
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TFUNCTION:
        if (lua_iscfunction(L, index)) {
            if (lua_getupvalue(L, index, 1) == NULL) return 0;  // a light function, no object
            lua_pop(L, 1);
        }
        return *serial_slot((void *)lua_topointer(L, index));
    case LUA_TTABLE: return *serial_slot((void *)lua_topointer(L, index));
    case LUA_TTHREAD: return *serial_slot((char *)lua_topointer(L, index) - LUA_EXTRASPACE);
    case LUA_TUSERDATA: {
        RhoBox *box = rho_box(L, index);
        return box == NULL ? 0 : box->serial;
    }
    default: return 0;
    }
}

void rho_memory_limit(lua_State *L, size_t soft) {
    RhoHost *host = rho_host(L);
    host->soft_limit = soft;
    host->hard_limit = soft + soft / 4;
}

void rho_fail_allocation(lua_State *L, int64_t after) { rho_host(L)->fail_after = after < 0 ? 0 : after + 2; }
int64_t rho_allocations_left(lua_State *L) { return rho_host(L)->fail_after; }

size_t rho_memory_used(lua_State *L) { return rho_host(L)->used; }
int64_t rho_external_bytes(lua_State *L) { return rho_host(L)->external; }
int64_t rho_external_peak(lua_State *L) { return rho_host(L)->external_peak; }
int64_t rho_object_count(lua_State *L) { return rho_host(L)->objects; }

void rho_external_limits(lua_State *L, int64_t batch, int64_t soft) {
    RhoHost *host = rho_host(L);
    host->batch = batch;
    host->soft_external = soft;
}

void rho_external_add(lua_State *L, int64_t bytes) {
    RhoHost *host = rho_host(L);
    host->external += bytes;
    if (bytes <= 0) return;
    if (host->external > host->external_peak) host->external_peak = host->external;
    host->pending += bytes;
    if (host->external > host->soft_external) {
        // Backstop: a full collection; where most of it is alive, the limit moves up instead of collecting for ever.
        host->pending = 0;
        lua_gc(L, LUA_GCCOLLECT);
        if (host->external > host->soft_external / 10 * 8) host->soft_external = host->external / 10 * 14;
    } else if (host->pending >= host->batch) {
        int64_t kilobytes = host->pending >> 10;
        host->pending = 0;
        lua_gc(L, LUA_GCSTEP, kilobytes > 1 << 20 ? 1 << 20 : (int)kilobytes);
    }
}

void rho_collect_garbage(lua_State *L) { lua_gc(L, LUA_GCCOLLECT); }
