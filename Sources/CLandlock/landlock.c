// The kernel's interface, written out: the headers of a distribution may be older than the kernel it runs on.
#define _GNU_SOURCE
#include "CLandlock.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };
enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIRECTORY = 1 << 3,
    ALL_V1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEVICE = 1 << 15,
    // What makes sense for a rule on a single file.
    OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
};
enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };

typedef struct {
    uint64_t files, network, scoped;
} Ruleset;

typedef struct {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed)) PathRule;

int rho_landlock_version(void) {
    long version = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
    return version < 0 ? 0 : (int)version;
}

static bool allow(int ruleset, const char *path, uint64_t rights) {
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return true;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && !S_ISDIR(status.st_mode)) rights &= OF_FILES;
    PathRule rule = {rights, descriptor};
    bool done = syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
    close(descriptor);
    return done;
}

bool rho_landlock_confine(const char *const *readable, size_t readable_count, const char *const *executable,
                          size_t executable_count, const char *const *writable, size_t writable_count) {
    int version = rho_landlock_version();
    // Version 2 is the first in which files may be linked and moved between allowed directories.
    if (version < 2) return false;
    Ruleset set = {ALL_V1 | REFER, 0, 0};
    if (version >= 3) set.files |= TRUNCATE;
    if (version >= 4) set.network = NET_BIND_TCP | NET_CONNECT_TCP;
    size_t size = version >= 6 ? sizeof set : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    int ruleset = (int)syscall(CREATE_RULESET, &set, size, 0);
    if (ruleset < 0) return false;
    bool done = true;
    uint64_t reading = READ_FILE | READ_DIRECTORY;
    for (size_t i = 0; i < readable_count; i++) done = done && allow(ruleset, readable[i], reading);
    for (size_t i = 0; i < executable_count; i++) done = done && allow(ruleset, executable[i], reading | EXECUTE);
    for (size_t i = 0; i < writable_count; i++)
        done = done && allow(ruleset, writable[i], set.files & ~(uint64_t)EXECUTE);
    done = done && allow(ruleset, "/dev/null", reading | WRITE_FILE | (set.files & TRUNCATE));
    done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(RESTRICT_SELF, ruleset, 0) == 0;
    close(ruleset);
    return done;
}
