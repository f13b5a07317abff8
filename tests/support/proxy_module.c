/* A PKCS#11 module that stands before a real one, and lies, fails or dies as it is told.

   CPX_TEST_REAL   the real module
   CPX_TEST_LOG    what was called: "FUNCTION SERIAL PID" for each call named below; "start - PID"
                   for each process; "core LIMIT DUMPABLE" at each login, and "peak KIB 0"
                   (resident memory at its most) there and at the end. LOG.process holds what
                   /proc shows of each process.
   CPX_TEST_PROXY  the rules, read again at each call. SERIAL is the real token's; a rule holds
                   from the N-th call of FUNCTION on that token, in all processes together
                   (0: always):
     flags SERIAL SET CLEAR FUNCTION N     token flags, in hex
     text SERIAL OFFSET SIZE TEXT FUNCTION N   characters of CK_TOKEN_INFO, padded with blanks
     show SERIAL OTHER FUNCTION N          the token OTHER is in this slot too
     fault SERIAL FUNCTION N ACTION        at the N-th call (0: at each): segv, abort, exit, hang,
                                           or the code to return, in hex, instead of calling; 0
                                           does nothing and says CKR_OK. Or something beside the
                                           call: slow:MS, await:FILE (until there is that file,
                                           or a minute has passed), grow:MB (memory that is kept),
                                           chatter (on standard output and standard error). SERIAL
                                           is "-" for functions of no token; FUNCTION is "absent"
                                           for a look at a reader's card that is out
     empty SERIAL FUNCTION N               CKA_VALUE has no bytes, with CKR_OK
     lengths SERIAL MIN MAX                ulMinPinLen and ulMaxPinLen
     without SERIAL MECHANISM              this mechanism, in hex, is not announced
     slots shift|rotate                    slot ids are others in each process
     many COUNT                            so many slots without a token after the real ones; what
                                           is asked of them is logged with the serial "many"
     pin GIVEN REAL                        GIVEN is the PIN of all cards
     pad REAL                              a login without a PIN is one typed on a pad
     reader SERIAL NAME                    the token is the card in the PC/SC reader NAME

   Once there is a rule "reader", the slots are the readers that PC/SC lists (whether a rule names
   them or not), in the order first seen, and described by their names; whether there is a card in
   one, PC/SC says, asked again after 0.2 s and after a slow action. The token of the last rule for
   a reader is in it: append a rule to put another card there next. A card in a reader without a
   rule, and one that stays mute, is not recognised. In the middle of a call a card that is pulled
   gives CKR_DEVICE_REMOVED; its sessions end, as they do when it was out and is in again. Without
   the service no card is seen.

   Types as in PKCS#11 v2.40 on a platform whose CK_ULONG is unsigned long; no header is needed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long U;

enum { INITIALIZE = 0, FINALIZE = 1, GET_SLOT_LIST = 4, GET_SLOT_INFO = 5,
       GET_TOKEN_INFO = 6, GET_MECHANISM_LIST = 7,
       GET_MECHANISM_INFO = 8, OPEN_SESSION = 12, CLOSE_SESSION = 13, CLOSE_ALL_SESSIONS = 14,
       GET_SESSION_INFO = 15, LOGIN = 18, LOGOUT = 19, GET_ATTRIBUTE_VALUE = 24,
       FIND_OBJECTS_INIT = 26, SIGN_INIT = 42, SIGN = 43, FUNCTIONS = 68 };
enum { MAX_SLOTS = 64, SERIAL_OFFSET = 80, FLAGS_OFFSET = 96, SESSION_COUNT_OFFSET = 112,
       MAX_PIN_OFFSET = 136, TOKEN_INFO_SIZE = 208, MAX_MECHANISMS = 512 };
enum { CKR_SLOT_ID_INVALID = 3, CKR_GENERAL_ERROR = 5, CKR_DEVICE_REMOVED = 0x32,
       CKR_TOKEN_NOT_PRESENT = 0xE0, CKR_TOKEN_NOT_RECOGNIZED = 0xE1,
       CKR_BUFFER_TOO_SMALL = 0x150 };
#define NOWHERE (~0UL)
#define FIRST_OF_MANY (1UL << 40) /* SoftHSM's ids have 31 bits */
enum { SLOT_INFO_TEXT = 96, SLOT_INFO_FLAGS = 96, SLOT_INFO_SIZE = 112, DESCRIPTION_SIZE = 64 };
enum { CKF_TOKEN_PRESENT = 1, CKF_REMOVABLE_HARDWARE = 6 };

struct list { unsigned char version[2]; void *functions[FUNCTIONS]; };

struct attribute { U type; void *value; U size; };
enum { CKA_VALUE = 0x11 };

static struct list *real, ours;
static U starts;
static struct timespec looked; /* when PC/SC was asked; zero: ask afresh */

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

static void log_peak(void)
{
    char line[256], peak[32];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %31s", peak) == 1)
            log_line("peak", peak, 0);
    if (file)
        fclose(file);
}

/* In the place of the call: die, hang, or the code to return. */
static U instead(const char *action)
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

/* What is done beside the call; 0 when the action is none of that kind. */
static int beside(const char *action)
{
    static const char garbage[] = "garbage \x00\xff\x80 {\"value\": 1}\n\r\t";
    U amount;
    if (sscanf(action, "slow:%lu", &amount) == 1) {
        usleep(1000 * amount);
        looked.tv_sec = 0;
    } else if (strncmp(action, "await:", 6) == 0) {
        for (int i = 0; i < 6000 && access(action + 6, F_OK); i++)
            usleep(10000);
        looked.tv_sec = 0;
    } else if (sscanf(action, "grow:%lu", &amount) == 1) {
        char *kept = malloc(amount << 20);
        if (kept)
            memset(kept, 1, amount << 20);
    } else if (strcmp(action, "chatter") == 0) {
        for (int i = 0; i < 100; i++)
            if (write(1, garbage, sizeof garbage) < 0 || write(2, garbage, sizeof garbage) < 0)
                break;
    } else {
        return 0;
    }
    return 1;
}

/* Log the call, then do what the rules say. Whether the real function is left out, and what is to
   be returned then. */
static int left_out(const char *function, const char *serial, U *code)
{
    char line[512], of[64], action[512];
    const char *words;
    U number;
    int out = 0;
    log_line(function, serial, getpid());
    FILE *file = rules();
    while ((words = rule(file, line, "fault", serial)))
        if (sscanf(words, "%63s %lu %511s", of, &number, action) == 3 && !strcmp(of, function) &&
            (number == 0 || logged(function, serial) == number) && !beside(action)) {
            *code = instead(action);
            out = 1;
        }
    if (file)
        fclose(file);
    return out;
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

/* --- readers, as PC/SC sees them -------------------------------------------------------------- */

enum { MAX_READERS = 32, READER_NAME_SIZE = 128, ATR_SIZE = 33 };
enum { SCARD_STATE_PRESENT = 0x20, SCARD_STATE_MUTE = 0x200 };

struct reader_state { const char *name; void *own; U current, event, atr_size;
                      unsigned char atr[ATR_SIZE]; };

static struct reader { char name[READER_NAME_SIZE], serial[32]; U event; } readers[MAX_READERS];
static U reader_count;
static void serial_of(U slot, char serial[17]);
static U *sessions_with(U slot);
static U slot_holding(const char *serial, U otherwise);

static int with_readers(void)
{
    char line[512];
    FILE *file = rules();
    int found = rule(file, line, "reader", NULL) != NULL;
    if (file)
        fclose(file);
    return found;
}

/* The serial of the card for this reader: that of the last rule; "" without one. */
static void card_for(const char *name, char serial[32])
{
    char line[512], of[32];
    const char *words;
    int rest;
    FILE *file = rules();
    serial[0] = 0;
    while ((words = rule(file, line, "reader", NULL))) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(words, "%31s %n", of, &rest) == 1 && strcmp(words + rest, name) == 0)
            strcpy(serial, of);
    }
    if (file)
        fclose(file);
}

static struct reader *reader_named(const char *name)
{
    for (U i = 0; i < reader_count; i++)
        if (strcmp(readers[i].name, name) == 0)
            return readers + i;
    if (reader_count == MAX_READERS || strlen(name) >= READER_NAME_SIZE)
        return NULL;
    strcpy(readers[reader_count].name, name);
    return readers + reader_count++;
}

/* What is in the reader now; what was open on a card that is out, or was, is so no more. */
static void look_into(struct reader *reader, U event)
{
    char serial[32];
    U slot;
    card_for(reader->name, serial);
    /* the upper bits count the cards that came and went */
    if (reader->event & SCARD_STATE_PRESENT &&
        (reader->event >> 16 != event >> 16 || strcmp(reader->serial, serial)) &&
        (slot = slot_holding(reader->serial, NOWHERE)) != NOWHERE) {
        REAL(CLOSE_ALL_SESSIONS, U)(slot);
        *sessions_with(slot) = 0;
    }
    reader->event = event;
    strcpy(reader->serial, serial);
}

/* Whether a fifth of a second has passed: a card that stays mute costs 0.4 s each time. */
static int is_time_to_look(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = now.tv_sec - looked.tv_sec + (now.tv_nsec - looked.tv_nsec) / 1e9;
    return looked.tv_sec == 0 || seconds > 0.2;
}

/* Ask PC/SC, in a context of its own: the service may have been started again. */
static void look_at_readers(void)
{
    if (!is_time_to_look())
        return;
    static U (*establish)(U, const void *, const void *, U *), (*release)(U);
    static U (*list)(U, const char *, char *, U *), (*status)(U, U, struct reader_state *, U);
    char names[8192] = "";
    U context, size = sizeof names, seen[MAX_READERS] = { 0 };
    void *library = establish ? NULL : dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library) {
        list = dlsym(library, "SCardListReaders");
        status = dlsym(library, "SCardGetStatusChange");
        release = dlsym(library, "SCardReleaseContext");
        establish = dlsym(library, "SCardEstablishContext");
    }
    if (establish && establish(0, NULL, NULL, &context) == 0) {
        if (list(context, NULL, names, &size))
            names[0] = 0;
        for (char *name = names; *name; name += strlen(name) + 1) {
            struct reader *reader = reader_named(name);
            struct reader_state state = { .name = name };
            if (reader && status(context, 0, &state, 1) == 0)
                seen[reader - readers] = state.event;
        }
        release(context);
    }
    for (U i = 0; i < reader_count; i++)
        look_into(readers + i, seen[i]);
    clock_gettime(CLOCK_MONOTONIC, &looked);
}

/* The real slot of the card in the reader with this id. */
static U card_slot(U id, U *slot)
{
    if (id >= reader_count)
        return CKR_SLOT_ID_INVALID;
    if (!(readers[id].event & SCARD_STATE_PRESENT))
        return CKR_TOKEN_NOT_PRESENT;
    *slot = slot_holding(readers[id].serial, NOWHERE);
    return *slot == NOWHERE || readers[id].event & SCARD_STATE_MUTE ? CKR_TOKEN_NOT_RECOGNIZED : 0;
}

static U reader_holding(U slot)
{
    U other;
    for (U i = 0; i < reader_count; i++)
        if (card_slot(i, &other) == 0 && other == slot)
            return i;
    return NOWHERE;
}

static U list_readers(unsigned char with_token, U *ids, U *count)
{
    U room = *count, slot;
    look_at_readers();
    *count = 0;
    for (U i = 0; i < reader_count; i++) {
        if (with_token && card_slot(i, &slot))
            continue;
        if (ids && *count < room)
            ids[*count] = i;
        ++*count;
    }
    return ids && *count > room ? CKR_BUFFER_TOO_SMALL : 0;
}

static U describe_reader(U id, void *info)
{
    look_at_readers();
    if (id >= reader_count)
        return CKR_SLOT_ID_INVALID;
    size_t size = strlen(readers[id].name);
    memset(info, 0, SLOT_INFO_SIZE);
    memset(info, ' ', SLOT_INFO_TEXT);
    memcpy(info, readers[id].name, size < DESCRIPTION_SIZE ? size : DESCRIPTION_SIZE);
    *(U *)((char *)info + SLOT_INFO_FLAGS) =
        CKF_REMOVABLE_HARDWARE | (readers[id].event & SCARD_STATE_PRESENT ? CKF_TOKEN_PRESENT : 0);
    return 0;
}

/* --- tokens ----------------------------------------------------------------------------------- */

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
static U real_slot(U id, U *slot)
{
    if (with_readers()) {
        look_at_readers();
        return card_slot(id, slot);
    }
    U slots[MAX_SLOTS], count = real_slots(0, slots);
    *slot = id;
    for (U i = 0; i < count; i++)
        if (shown(slots[i]) == id)
            *slot = slots[i];
    return 0;
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
static U token_slot(U id, U *slot)
{
    char serial[17], line[512], other[64], function[64];
    const char *words;
    U number, code = real_slot(id, slot);
    if (code)
        return code;
    serial_of(*slot, serial);
    FILE *file = rules();
    while ((words = rule(file, line, "show", serial)))
        if (sscanf(words, "%63s %63s %lu", other, function, &number) == 3 &&
            from_now_on(serial, function, number))
            *slot = slot_holding(other, *slot);
    if (file)
        fclose(file);
    return 0;
}

/* As `token_slot`, and noted when it is a reader's card that is out. */
static U look_for_token(U id, U *slot)
{
    U code = token_slot(id, slot), instead;
    if (code != CKR_TOKEN_NOT_PRESENT || id >= reader_count || readers[id].serial[0] == 0)
        return code;
    if (left_out("absent", readers[id].serial, &instead))
        return instead;
    return token_slot(id, slot); /* it may be back by now */
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
    U code;
    if (left_out("C_GetSlotList", "-", &code))
        return code;
    if (with_readers())
        return list_readers(with_token, ids, count);
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
    U slot, code;
    if (id >= FIRST_OF_MANY) {
        if (left_out("C_GetSlotInfo", "many", &code))
            return code;
        memset(info, 0, SLOT_INFO_SIZE);
        memset(info, ' ', SLOT_INFO_TEXT);
        memcpy(info, "Empty", 5);
        return 0;
    }
    if (with_readers())
        return describe_reader(id, info);
    code = real_slot(id, &slot);
    return code ? code : REAL(GET_SLOT_INFO, U, void *)(slot, info);
}

static int announced(const char *serial, U mechanism)
{
    char line[512];
    const char *words;
    int found = 1;
    FILE *file = rules();
    while ((words = rule(file, line, "without", serial)))
        found &= strtoul(words, NULL, 16) != mechanism;
    if (file)
        fclose(file);
    return found;
}

static U get_mechanism_list(U id, U *mechanisms, U *count)
{
    char serial[17];
    U slot, real_ones[MAX_MECHANISMS], found = MAX_MECHANISMS, room = *count;
    U code = token_slot(id, &slot);
    if (code || (code = REAL(GET_MECHANISM_LIST, U, U *, U *)(slot, real_ones, &found)))
        return code;
    serial_of(slot, serial);
    *count = 0;
    for (U i = 0; i < found; i++) {
        if (!announced(serial, real_ones[i]))
            continue;
        if (mechanisms && *count < room)
            mechanisms[*count] = real_ones[i];
        ++*count;
    }
    return mechanisms && *count > room ? CKR_BUFFER_TOO_SMALL : 0;
}

static U get_mechanism_info(U id, U mechanism, void *info)
{
    U slot, code = token_slot(id, &slot);
    return code ? code : REAL(GET_MECHANISM_INFO, U, U, void *)(slot, mechanism, info);
}

/* How many sessions are open with a token in this process: SoftHSM does not tell. */
static U *sessions_with(U slot)
{
    static struct { U slot, count; } open[MAX_SLOTS];
    for (int i = 0; i < MAX_SLOTS; i++)
        if (open[i].slot == slot + 1 || open[i].slot == 0) {
            open[i].slot = slot + 1;
            return &open[i].count;
        }
    abort();
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
    if ((code = look_for_token(id, &slot)) || (code = real_slot(id, &slot)))
        return code;
    serial_of(slot, own);
    if (left_out("C_GetTokenInfo", own, &code) || (code = token_slot(id, &slot)))
        return code;
    if ((code = REAL(GET_TOKEN_INFO, U, void *)(slot, info)))
        return code;
    serial_of(slot, serial);
    *(U *)((char *)info + SESSION_COUNT_OFFSET) = *sessions_with(slot);
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

/* As `left_out`, on the card of this session; a card that left its reader meanwhile gives
   CKR_DEVICE_REMOVED. */
static int left_out_of(const char *function, U session, U *code)
{
    char serial[17];
    U info[4];
    serial_of_session(session, serial);
    if (left_out(function, serial, code))
        return 1;
    if (!with_readers() || strcmp(serial, "-") == 0)
        return 0;
    look_at_readers();
    *code = CKR_DEVICE_REMOVED;
    return REAL(GET_SESSION_INFO, U, void *)(session, info) != 0;
}

static U get_session_info(U session, void *info)
{
    U code = REAL(GET_SESSION_INFO, U, void *)(session, info);
    if (code == 0)
        *(U *)info = with_readers() ? reader_holding(*(U *)info) : shown(*(U *)info);
    return code;
}

static U open_session(U id, U flags, void *application, void *notify, U *session)
{
    char serial[17];
    U slot, code = look_for_token(id, &slot);
    if (code)
        return code;
    serial_of(slot, serial);
    if (left_out("C_OpenSession", serial, &code) || (code = token_slot(id, &slot)))
        return code;
    code = REAL(OPEN_SESSION, U, U, void *, void *, U *)(slot, flags, application, notify, session);
    *sessions_with(slot) += code == 0;
    return code;
}

static U close_session(U session)
{
    U code, info[4], known = REAL(GET_SESSION_INFO, U, void *)(session, info) == 0;
    if (left_out_of("C_CloseSession", session, &code))
        return code;
    code = REAL(CLOSE_SESSION, U)(session);
    if (known && code == 0)
        --*sessions_with(info[0]);
    return code;
}

static U close_all_sessions(U id)
{
    U slot, code = token_slot(id, &slot);
    if (code == 0 && (code = REAL(CLOSE_ALL_SESSIONS, U)(slot)) == 0)
        *sessions_with(slot) = 0;
    return code;
}

static U login(U session, U user, const char *pin, U size)
{
    char line[512], given[64], instead[64];
    log_core_limits();
    log_peak();
    U code;
    if (left_out_of("C_Login", session, &code))
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
    U code;
    return left_out_of("C_Logout", session, &code) ? code : REAL(LOGOUT, U)(session);
}

static U find_objects_init(U session, void *attributes, U count)
{
    U code;
    return left_out_of("C_FindObjectsInit", session, &code)
               ? code
               : REAL(FIND_OBJECTS_INIT, U, void *, U)(session, attributes, count);
}

static int has_no_values(U session)
{
    char serial[17], line[512], function[64];
    const char *words;
    U number;
    int found = 0;
    serial_of_session(session, serial);
    FILE *file = rules();
    while ((words = rule(file, line, "empty", serial)))
        found |= sscanf(words, "%63s %lu", function, &number) == 2 &&
                 from_now_on(serial, function, number);
    if (file)
        fclose(file);
    return found;
}

static U get_attribute_value(U session, U object, struct attribute *attributes, U count)
{
    U code;
    if (left_out_of("C_GetAttributeValue", session, &code))
        return code;
    code = REAL(GET_ATTRIBUTE_VALUE, U, U, void *, U)(session, object, attributes, count);
    for (U i = 0; i < count; i++)
        if (attributes[i].type == CKA_VALUE && has_no_values(session)) {
            attributes[i].size = 0;
            code = 0; /* for no bytes there is no room asked, and the real module refuses that */
        }
    return code;
}

static U sign_init(U session, void *mechanism, U key)
{
    U code;
    return left_out_of("C_SignInit", session, &code)
               ? code
               : REAL(SIGN_INIT, U, void *, U)(session, mechanism, key);
}

static U sign(U session, void *data, U size, void *signature, U *signature_size)
{
    U code;
    return left_out_of("C_Sign", session, &code)
               ? code
               : REAL(SIGN, U, void *, U, void *, U *)(session, data, size, signature,
                                                       signature_size);
}

static U initialize(void *arguments)
{
    U code;
    return left_out("C_Initialize", "-", &code) ? code : REAL(INITIALIZE, void *)(arguments);
}

static U finalize(void *reserved)
{
    U code;
    log_peak();
    return left_out("C_Finalize", "-", &code) ? code : REAL(FINALIZE, void *)(reserved);
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
        ours.functions[INITIALIZE] = initialize;
        ours.functions[FINALIZE] = finalize;
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
        ours.functions[GET_ATTRIBUTE_VALUE] = get_attribute_value;
        ours.functions[FIND_OBJECTS_INIT] = find_objects_init;
        ours.functions[SIGN_INIT] = sign_init;
        ours.functions[SIGN] = sign;
    }
    *list = &ours;
    return 0;
}
