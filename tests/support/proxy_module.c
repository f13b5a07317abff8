/* A PKCS#11 module that stands before a real one, and lies, fails or dies as it is told.

   CPX_TEST_REAL   the real module
   CPX_TEST_LOG    what was called: "FUNCTION SERIAL PID" for each call named below; "start - PID"
                   for each process; "core LIMIT DUMPABLE" at each login. LOG.process holds what
                   /proc shows of each process.
   CPX_TEST_PROXY  the rules, read again at each call. SERIAL is the real token's; a rule holds
                   from the N-th call of FUNCTION on that token, in all processes together
                   (0: always):
     flags SERIAL SET CLEAR FUNCTION N     token flags, in hex
     text SERIAL OFFSET SIZE TEXT FUNCTION N   characters of CK_TOKEN_INFO, padded with blanks
     show SERIAL OTHER FUNCTION N          the token OTHER is in this slot too
     fault SERIAL FUNCTION N ACTION        at the N-th call (0: at each): segv, abort, exit, hang,
                                           or the code to return, in hex, instead of calling
     lengths SERIAL MIN MAX                ulMinPinLen and ulMaxPinLen
     slots shift|rotate                    slot ids are others in each process
     many COUNT                            so many slots without a token after the real ones; what
                                           is asked of them is logged with the serial "many"
     pin GIVEN REAL                        GIVEN is the PIN of all cards
     pad REAL                              a login without a PIN is one typed on a pad

   Types as in PKCS#11 v2.40 on a platform whose CK_ULONG is unsigned long; no header is needed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

typedef unsigned long U;

enum { GET_SLOT_LIST = 4, GET_SLOT_INFO = 5, GET_TOKEN_INFO = 6, GET_MECHANISM_LIST = 7,
       GET_MECHANISM_INFO = 8, OPEN_SESSION = 12, CLOSE_SESSION = 13, CLOSE_ALL_SESSIONS = 14,
       GET_SESSION_INFO = 15, LOGIN = 18, LOGOUT = 19, FIND_OBJECTS_INIT = 26, SIGN_INIT = 42,
       SIGN = 43, FUNCTIONS = 68 };
enum { MAX_SLOTS = 64, SERIAL_OFFSET = 80, FLAGS_OFFSET = 96, MAX_PIN_OFFSET = 136,
       TOKEN_INFO_SIZE = 208 };
enum { CKR_GENERAL_ERROR = 5, CKR_TOKEN_NOT_PRESENT = 0xE0, CKR_BUFFER_TOO_SMALL = 0x150 };
#define FIRST_OF_MANY (1UL << 40) /* SoftHSM's ids have 31 bits */
enum { SLOT_INFO_TEXT = 96, SLOT_INFO_SIZE = 112 };

struct list { unsigned char version[2]; void *functions[FUNCTIONS]; };

static struct list *real, ours;
static U starts;

#define REAL(index, ...) ((U (*)(__VA_ARGS__))real->functions[index])

static void append(const char *suffix, const char *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", getenv("CPX_TEST_LOG"), suffix);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size)
        abort();
    close(file);
}

static void log_line(const char *word, const char *serial, U number)
{
    char line[128];
    append("", line, snprintf(line, sizeof line, "%s %s %lu\n", word, serial, number));
}

/* How often this was logged, by all processes. */
static U logged(const char *word, const char *serial)
{
    char line[256], start[128];
    U count = 0;
    FILE *file = fopen(getenv("CPX_TEST_LOG"), "r");
    snprintf(start, sizeof start, "%s %s ", word, serial);
    while (file && fgets(line, sizeof line, file))
        count += strncmp(line, start, strlen(start)) == 0;
    if (file)
        fclose(file);
    return count;
}

/* The next rule of this kind for this serial, its words after the two; NULL at the end. */
static const char *rule(FILE *file, char line[512], const char *kind, const char *serial)
{
    char found[32], of[32];
    int rest;
    while (file && fgets(line, 512, file))
        if (sscanf(line, "%31s %31s %n", found, of, &rest) == 2 && strcmp(found, kind) == 0 &&
            (serial == NULL || strcmp(of, serial) == 0))
            return serial ? line + rest : line + strlen(kind) + 1;
    return NULL;
}

static FILE *rules(void)
{
    return fopen(getenv("CPX_TEST_PROXY"), "r");
}

static U from_now_on(const char *serial, const char *function, U number)
{
    return logged(function, serial) >= number;
}

static void describe_process(void)
{
    static const char *const files[] = { "/proc/self/cmdline", "/proc/self/environ" };
    char bytes[65536];
    for (int i = 0; i < 2; i++) {
        int file = open(files[i], O_RDONLY); /* refused by itself where nothing is dumpable */
        for (ssize_t size; file >= 0 && (size = read(file, bytes, sizeof bytes)) > 0;)
            append(".process", bytes, size);
        if (file >= 0)
            close(file);
    }
}

static void log_core_limits(void)
{
    struct rlimit limit;
    char soft[32];
    getrlimit(RLIMIT_CORE, &limit);
    snprintf(soft, sizeof soft, "%lu", (U)limit.rlim_cur);
    log_line("core", soft, prctl(PR_GET_DUMPABLE));
}

static U act(const char *action)
{
    if (strcmp(action, "segv") == 0)
        *(volatile int *)0 = 1;
    if (strcmp(action, "abort") == 0)
        abort();
    if (strcmp(action, "exit") == 0)
        _exit(7);
    if (strcmp(action, "hang") == 0)
        for (;;)
            pause();
    return strtoul(action, NULL, 16);
}

/* Log the call; then die, hang, or give the code to return instead (0: go on). */
static U enter(const char *function, const char *serial)
{
    char line[512], of[64], action[64];
    const char *words;
    U number, code = 0;
    log_line(function, serial, getpid());
    FILE *file = rules();
    while ((words = rule(file, line, "fault", serial)))
        if (sscanf(words, "%63s %lu %63s", of, &number, action) == 3 && !strcmp(of, function) &&
            (number == 0 || logged(function, serial) == number))
            code = act(action);
    if (file)
        fclose(file);
    return code;
}

/* --- slots ----------------------------------------------------------------------------------- */

static int by_id(const void *left, const void *right)
{
    U a = *(const U *)left, b = *(const U *)right;
    return (a > b) - (a < b);
}

/* Real ids, sorted: a module lists its slots in the same order each time. */
static U real_slots(unsigned char with_token, U slots[MAX_SLOTS])
{
    U count = MAX_SLOTS;
    if (REAL(GET_SLOT_LIST, unsigned char, U *, U *)(with_token, slots, &count))
        return 0;
    qsort(slots, count, sizeof *slots, by_id);
    return count;
}

static char numbering(void)
{
    char line[512];
    FILE *file = rules();
    const char *words = rule(file, line, "slots", NULL);
    char kind = words ? words[0] : 0;
    if (file)
        fclose(file);
    return kind;
}

static U shown(U slot)
{
    U slots[MAX_SLOTS], count;
    switch (numbering()) {
    case 's':
        return slot + 1000 * (starts - 1);
    case 'r':
        count = real_slots(0, slots);
        for (U i = 0; i < count; i++)
            if (slots[i] == slot)
                return (i + starts) % count;
    }
    return slot;
}

static void serial_of(U slot, char serial[17])
{
    char info[TOKEN_INFO_SIZE];
    strcpy(serial, "-");
    if (REAL(GET_TOKEN_INFO, U, void *)(slot, info))
        return;
    memcpy(serial, info + SERIAL_OFFSET, 16);
    serial[16] = 0;
    for (int i = 15; i >= 0 && (serial[i] == ' ' || serial[i] == 0); i--)
        serial[i] = 0;
    if (serial[0] == 0)
        strcpy(serial, "-");
}

/* The real slot of a shown id; an id that is not shown stays as it is, and is refused. */
static U real_slot(U id)
{
    U slots[MAX_SLOTS], count = real_slots(0, slots);
    for (U i = 0; i < count; i++)
        if (shown(slots[i]) == id)
            return slots[i];
    return id;
}

static U slot_holding(const char *serial, U otherwise)
{
    char of[17];
    U slots[MAX_SLOTS], count = real_slots(1, slots);
    for (U i = 0; i < count; i++) {
        serial_of(slots[i], of);
        if (strcmp(of, serial) == 0)
            return slots[i];
    }
    return otherwise;
}

/* The real slot whose token is to be seen in the slot with this id. */
static U token_slot(U id)
{
    char serial[17], line[512], other[64], function[64];
    const char *words;
    U slot = real_slot(id), number;
    serial_of(slot, serial);
    FILE *file = rules();
    while ((words = rule(file, line, "show", serial)))
        if (sscanf(words, "%63s %63s %lu", other, function, &number) == 3 &&
            from_now_on(serial, function, number))
            slot = slot_holding(other, slot);
    if (file)
        fclose(file);
    return slot;
}

static U many(void)
{
    char line[512];
    FILE *file = rules();
    const char *words = rule(file, line, "many", NULL);
    U count = words ? strtoul(words, NULL, 10) : 0;
    if (file)
        fclose(file);
    return count;
}

static U get_slot_list(unsigned char with_token, U *ids, U *count)
{
    U slots[MAX_SLOTS], found = real_slots(with_token, slots), room = *count;
    U more = with_token ? 0 : many();
    *count = found + more;
    if (ids == NULL)
        return 0;
    if (room < found + more)
        return CKR_BUFFER_TOO_SMALL;
    for (U i = 0; i < found; i++)
        ids[i] = shown(slots[i]);
    for (U i = 0; i < more; i++)
        ids[found + i] = FIRST_OF_MANY + i;
    return 0;
}

static U get_slot_info(U id, void *info)
{
    U code;
    if (id >= FIRST_OF_MANY) {
        if ((code = enter("C_GetSlotInfo", "many")))
            return code;
        memset(info, 0, SLOT_INFO_SIZE);
        memset(info, ' ', SLOT_INFO_TEXT);
        memcpy(info, "Empty", 5);
        return 0;
    }
    return REAL(GET_SLOT_INFO, U, void *)(real_slot(id), info);
}

static U get_mechanism_list(U id, U *mechanisms, U *count)
{
    return REAL(GET_MECHANISM_LIST, U, U *, U *)(token_slot(id), mechanisms, count);
}

static U get_mechanism_info(U id, U mechanism, void *info)
{
    return REAL(GET_MECHANISM_INFO, U, U, void *)(token_slot(id), mechanism, info);
}

static U get_token_info(U id, void *info)
{
    char own[17], serial[17], line[512], text[64], function[64];
    const char *words;
    U slot, number, set, clear, offset, size, code;
    if (id >= FIRST_OF_MANY) {
        log_line("C_GetTokenInfo", "many", getpid());
        return CKR_TOKEN_NOT_PRESENT;
    }
    serial_of(real_slot(id), own);
    if ((code = enter("C_GetTokenInfo", own)))
        return code;
    slot = token_slot(id);
    if ((code = REAL(GET_TOKEN_INFO, U, void *)(slot, info)))
        return code;
    serial_of(slot, serial);
    FILE *file = rules();
    while ((words = rule(file, line, "flags", serial)))
        if (sscanf(words, "%lx %lx %63s %lu", &set, &clear, function, &number) == 4 &&
            from_now_on(serial, function, number)) {
            U *flags = (U *)((char *)info + FLAGS_OFFSET);
            *flags = (*flags | set) & ~clear;
        }
    if (file)
        rewind(file);
    while ((words = rule(file, line, "text", serial)))
        if (sscanf(words, "%lu %lu %63s %63s %lu", &offset, &size, text, function, &number) == 5 &&
            from_now_on(serial, function, number)) {
            memset((char *)info + offset, ' ', size);
            memcpy((char *)info + offset, text, strlen(text) < size ? strlen(text) : size);
        }
    if (file)
        rewind(file);
    if ((words = rule(file, line, "lengths", serial)) && sscanf(words, "%lu %lu", &set, &clear) == 2) {
        U *longest = (U *)((char *)info + MAX_PIN_OFFSET);
        longest[0] = clear;
        longest[1] = set;
    }
    if (file)
        fclose(file);
    return 0;
}

/* --- sessions -------------------------------------------------------------------------------- */

static void serial_of_session(U session, char serial[17])
{
    U info[4];
    strcpy(serial, "-");
    if (REAL(GET_SESSION_INFO, U, void *)(session, info) == 0)
        serial_of(info[0], serial);
}

static U enter_session(const char *function, U session)
{
    char serial[17];
    serial_of_session(session, serial);
    return enter(function, serial);
}

static U get_session_info(U session, void *info)
{
    U code = REAL(GET_SESSION_INFO, U, void *)(session, info);
    if (code == 0)
        *(U *)info = shown(*(U *)info);
    return code;
}

static U open_session(U id, U flags, void *application, void *notify, U *session)
{
    char serial[17];
    U slot = token_slot(id), code;
    serial_of(slot, serial);
    if ((code = enter("C_OpenSession", serial)))
        return code;
    return REAL(OPEN_SESSION, U, U, void *, void *, U *)(slot, flags, application, notify, session);
}

static U close_session(U session)
{
    U code = enter_session("C_CloseSession", session);
    return code ? code : REAL(CLOSE_SESSION, U)(session);
}

static U close_all_sessions(U id)
{
    return REAL(CLOSE_ALL_SESSIONS, U)(token_slot(id));
}

static U login(U session, U user, const char *pin, U size)
{
    char line[512], given[64], instead[64];
    log_core_limits();
    U code = enter_session("C_Login", session);
    if (code)
        return code;
    FILE *file = rules();
    const char *words = rule(file, line, pin ? "pin" : "pad", NULL);
    if (words && pin == NULL && sscanf(words, "%63s", instead) == 1) {
        pin = instead;
        size = strlen(instead);
    } else if (words && sscanf(words, "%63s %63s", given, instead) == 2 && strlen(given) == size &&
        memcmp(given, pin, size) == 0) {
        pin = instead;
        size = strlen(instead);
    }
    if (file)
        fclose(file);
    return REAL(LOGIN, U, U, const char *, U)(session, user, pin, size);
}

static U logout(U session)
{
    U code = enter_session("C_Logout", session);
    return code ? code : REAL(LOGOUT, U)(session);
}

static U find_objects_init(U session, void *attributes, U count)
{
    U code = enter_session("C_FindObjectsInit", session);
    return code ? code : REAL(FIND_OBJECTS_INIT, U, void *, U)(session, attributes, count);
}

static U sign_init(U session, void *mechanism, U key)
{
    U code = enter_session("C_SignInit", session);
    return code ? code : REAL(SIGN_INIT, U, void *, U)(session, mechanism, key);
}

static U sign(U session, void *data, U size, void *signature, U *signature_size)
{
    U code = enter_session("C_Sign", session);
    return code ? code
                : REAL(SIGN, U, void *, U, void *, U *)(session, data, size, signature,
                                                        signature_size);
}

U C_GetFunctionList(struct list **list)
{
    if (real == NULL) {
        U (*get)(struct list **);
        void *library = dlopen(getenv("CPX_TEST_REAL"), RTLD_NOW | RTLD_LOCAL);
        if (library == NULL || (get = dlsym(library, "C_GetFunctionList")) == NULL || get(&real))
            return CKR_GENERAL_ERROR;
        log_line("start", "-", getpid());
        starts = logged("start", "-");
        describe_process();
        ours = *real;
        ours.functions[GET_SLOT_LIST] = get_slot_list;
        ours.functions[GET_SLOT_INFO] = get_slot_info;
        ours.functions[GET_TOKEN_INFO] = get_token_info;
        ours.functions[GET_MECHANISM_LIST] = get_mechanism_list;
        ours.functions[GET_MECHANISM_INFO] = get_mechanism_info;
        ours.functions[OPEN_SESSION] = open_session;
        ours.functions[CLOSE_SESSION] = close_session;
        ours.functions[CLOSE_ALL_SESSIONS] = close_all_sessions;
        ours.functions[GET_SESSION_INFO] = get_session_info;
        ours.functions[LOGIN] = login;
        ours.functions[LOGOUT] = logout;
        ours.functions[FIND_OBJECTS_INIT] = find_objects_init;
        ours.functions[SIGN_INIT] = sign_init;
        ours.functions[SIGN] = sign;
    }
    *list = &ours;
    return 0;
}
