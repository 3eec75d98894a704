// Linux Landlock: a process gives up the rest of the file system for good, for itself and its children.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Version of Landlock in this kernel; 0 where there is none.
int rho_landlock_version(void);

// From now on this thread and those it starts may read below `readable`, read and execute below `executable`, do
// everything below `writable`, and open no TCP connection. Paths that are not there are passed over.
// False, and nothing has changed, where the kernel refuses.
bool rho_landlock_confine(const char *const *readable, size_t readable_count, const char *const *executable,
                          size_t executable_count, const char *const *writable, size_t writable_count);
