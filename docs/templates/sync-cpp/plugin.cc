// A provider in C++: its history is the text of the import, which is also kept as the account's credentials. The first line
// is "EMAIL UID", each other one "GUID URL DATE TITLE", DATE in ms since 1970. To make a provider of your own, keep the
// shape: no exception leaves an operation, and what the host is given lives until the call ends.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <hearth/sync.h>

namespace {

struct Page {
    std::string guid, url, title;
    int64_t date;
};

struct Text {
    std::string email, uid;
    std::vector<Page> pages;
};

// What the person wrote is wrong: INVALID. Everything else that is thrown is a fault of this side.
struct Wrong : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Session {
    explicit Session(const hearth_host *given) : host(given), interrupted(false) {}
    const hearth_host *host;
    std::atomic<bool> interrupted;
};

// Runs the inside of an operation. An exception that crossed the border would end the daemon.
template <typename Inside> int guarded(hearth_call *call, Inside inside) noexcept
{
    try {
        return inside();
    } catch (const Wrong &wrong) {
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s", wrong.what());
    } catch (const std::bad_alloc &) {
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory: try again later, or give the process more");
    } catch (const std::exception &fault) {
        return hearth_fail(call, HEARTH_ERR_INTERNAL, "a fault of the plugin: %s", fault.what());
    } catch (...) {
        return hearth_fail(call, HEARTH_ERR_INTERNAL, "a fault of the plugin");
    }
}

// A result for the caller, whose struct may be an older and shorter one.
template <typename T> void give(T &result, T *ret)
{
    result.struct_size = ret->struct_size < sizeof(result) ? ret->struct_size : static_cast<uint32_t>(sizeof(result));
    std::memcpy(static_cast<void *>(ret), &result, result.struct_size);
}

const char *keep(const Session &session, hearth_call *call, const std::string &text)
{
    void *room = session.host->alloc(call, text.size() + 1);
    if (room == nullptr)
        throw std::bad_alloc();
    return static_cast<const char *>(std::memcpy(room, text.c_str(), text.size() + 1));
}

bool is_utf8(const std::string &text)
{
    for (size_t i = 0; i < text.size();) {
        auto lead = static_cast<unsigned char>(text[i]);
        size_t more = lead < 0x80 ? 0 : lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 4;
        if (more > 3 || lead == 0 || more >= text.size() - i)
            return false;
        uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
        for (size_t k = 1; k <= more; k++) {
            auto byte = static_cast<unsigned char>(text[i + k]);
            if ((byte & 0xc0) != 0x80)
                return false;
            code = code << 6 | (byte & 0x3fu);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        i += more + 1;
    }
    return true;
}

// Cuts off what stands before `end`. Not by a stream: streams swallow std::bad_alloc, and a text that could not be read for want
// of memory would look like a wrong one.
std::string cut(std::string &rest, char end)
{
    size_t size = rest.find(end);
    std::string word = rest.substr(0, size);
    rest.erase(0, size == std::string::npos ? size : size + 1);
    return word;
}

Page parse_page(std::string line, int number)
{
    Page page;
    page.guid = cut(line, ' ');
    page.url = cut(line, ' ');
    std::string date = cut(line, ' ');
    page.title = line;
    bool digits = !date.empty() && date.size() <= 15 && date.find_first_not_of("0123456789") == std::string::npos;
    page.date = digits ? std::strtoll(date.c_str(), nullptr, 10) : 0;
    if (page.date <= 0 || page.url.empty() || page.guid.empty() || page.guid.size() > HEARTH_KEY_MAX)
        throw Wrong("line " + std::to_string(number) + ": it is not \"GUID URL DATE TITLE\", DATE in ms since 1970");
    return page;
}

Text parse(const std::string &given)
{
    Text text;
    std::string rest = given, owner = cut(rest, '\n');
    if (!is_utf8(given))
        throw Wrong("the text is not UTF-8: save it as UTF-8");
    text.email = cut(owner, ' ');
    text.uid = owner;
    if (text.uid.empty() || text.email.find('@') == std::string::npos)
        throw Wrong("line 1: it is not \"EMAIL UID\", whose account this is");
    for (int number = 2; !rest.empty(); number++)
        text.pages.push_back(parse_page(cut(rest, '\n'), number));
    return text;
}

// Where the next pull goes on: here a number of the contents.
std::string mark_of(const std::string &credentials)
{
    return std::to_string(std::hash<std::string>()(credentials));
}

bool is_up_to_date(const hearth_pull *pull, const std::string &mark)
{
    for (size_t i = 0; i < pull->cursor_count; i++)
        if (HEARTH_AT(pull->cursors, i)->collection == HEARTH_HISTORY)
            return mark == HEARTH_AT(pull->cursors, i)->text;
    return false;
}

int send(const hearth_sync_sink *sink, const Page &page)
{
    hearth_visit visit = HEARTH_VISIT(page.date, HEARTH_VISIT_LINK);
    hearth_page_record record = {};
    record.struct_size = sizeof(record);
    record.guid = page.guid.c_str();
    record.url = page.url.c_str();
    record.title = page.title.empty() ? nullptr : page.title.c_str();
    record.visits = &visit;
    record.visit_count = 1;
    record.modified = page.date;
    return sink->page(sink->ctx, &record);
}

int read_history(Session &session, hearth_call *call, const hearth_pull *pull, const std::string &credentials, hearth_pull_result &result)
{
    const hearth_sync_sink *sink = pull->sink;
    Text text = parse(credentials);
    std::string mark = mark_of(credentials);
    if (is_up_to_date(pull, mark))
        return 0;
    int r = sink->begin(sink->ctx, HEARTH_HISTORY, HEARTH_SNAPSHOT);
    for (const Page &page : text.pages) {
        if (r == 0 && (session.interrupted || session.host->should_stop(call)))
            r = hearth_fail(call, HEARTH_ERR_CANCELLED, "the sync was stopped");
        if (r < 0)
            return r;
        r = send(sink, page);
        result.records += r == 0;
    }
    return r == 0 ? sink->commit(sink->ctx, mark.c_str()) : r;
}

// What a person reads: English alone here; hearth/message.h says how it gets an id and parameters.
void say(Session &session, hearth_call *call, hearth_pull_result &result, int32_t state, const char *words)
{
    hearth_message english = HEARTH_ENGLISH(words);
    result.state = state;
    result.message = hearth_message_keep(session.host, call, &english);
}

/* --- the operations ---------------------------------------------------------------------------- */

int provider_open(const hearth_host *host, hearth_call *, const hearth_config_value *, void **ret_self)
{
    *ret_self = const_cast<hearth_host *>(host); // nothing else is kept
    return 0;
}

void provider_close(void *)
{
}

int handle_open(void *self, hearth_call *call, void **ret_session)
{
    return guarded(call, [&] {
        *ret_session = new Session(static_cast<const hearth_host *>(self));
        return 0;
    });
}

void handle_close(void *session)
{
    delete static_cast<Session *>(session);
}

void interrupt(void *session)
{
    static_cast<Session *>(session)->interrupted = true;
}

int account_import(void *s, hearth_call *call, const char *given, hearth_identity *ret_identity)
{
    auto &session = *static_cast<Session *>(s);
    return guarded(call, [&] {
        Text text = parse(given);
        hearth_identity identity = {};
        identity.email = keep(session, call, text.email);
        identity.uid = keep(session, call, text.uid);
        identity.credentials = keep(session, call, given);
        identity.credentials_size = std::strlen(given);
        give(identity, ret_identity);
        return 0;
    });
}

int pull(void *s, hearth_call *call, const hearth_pull *pulled, hearth_pull_result *ret_result)
{
    auto &session = *static_cast<Session *>(s);
    hearth_pull_result result = {};
    session.interrupted = false;
    call->error[0] = '\0';
    int r = guarded(call, [&] {
        std::string credentials(static_cast<const char *>(pulled->credentials), pulled->credentials_size);
        return read_history(session, call, pulled, credentials, result);
    });
    if (r == HEARTH_ERR_INVALID) { // the pull itself worked: it found out what is to be done
        say(session, call, result, HEARTH_ACCOUNT_SIGNIN_NEEDED, "The stored text of this account cannot be read. Import the account again.");
        r = 0;
    } else if (r < 0) {
        if (call->error[0] == '\0') // an error of the sink came without words
            hearth_fail(call, r, "what was read could not be stored: it is tried again");
        say(session, call, result, HEARTH_ACCOUNT_ERROR, call->error);
    }
    give(result, ret_result);
    return r;
}

void forget(void *, const char *)
{
}

// Designated initialisers came with C++20: an older one fills the table member by member, once.
hearth_sync make_operations()
{
    hearth_sync operations = {};
    operations.struct_size = sizeof(operations);
    operations.open = provider_open;
    operations.close = provider_close;
    operations.handle_open = handle_open;
    operations.handle_close = handle_close;
    operations.interrupt = interrupt;
    operations.account_import = account_import;
    operations.pull = pull;
    operations.forget = forget;
    return operations;
}

hearth_plugin make_plugin(const hearth_sync *operations)
{
    hearth_plugin plugin = {};
    plugin.struct_size = sizeof(plugin);
    plugin.abi_epoch = HEARTH_ABI_EPOCH;
    plugin.abi_version = HEARTH_ABI_VERSION;
    plugin.kind = HEARTH_SYNC;
    plugin.name = "cpp";
    plugin.version = "1";
    plugin.description = "a history written down as text, in C++: to copy from";
    plugin.operations = operations;
    return plugin;
}

} // namespace

const hearth_plugin *hearth_plugin_v2()
{
    static const hearth_sync operations = make_operations();
    static const hearth_plugin plugin = make_plugin(&operations);
    return &plugin;
}
