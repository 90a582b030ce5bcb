/* The table of commands, in the order in which help lists them. */
#include "main/commands.h"

#include "main/cli.h"

#define MEMBER(name) offsetof(struct cli, name)

const char main_options_of_all[] = "config log help version";

const char *const main_exit_codes[3] = {
    "done",
    ("failed: a line on standard error says why, and what to do; also when standard output could "
     "not be written"),
    "it was called in a wrong way, or the configuration is wrong; nothing was done",
};

const struct cli_option main_options[] = {
    {"config", NULL, "DIR", NULL,
     "read the *.conf files of this folder (default: /etc/hearth/conf.d if it exists)",
     MEMBER(config)},
    {"log", NULL, "FORMAT", "text json", "how the log is written (default: as configured)",
     MEMBER(log)},
    {"help", NULL, NULL, NULL, "say what a command does", MEMBER(help), 'h'},
    {"version", NULL, NULL, NULL, "say the versions of hearthd, its plugins and libraries",
     MEMBER(version), 'V'},
    {"role", NULL, "ROLES", "web worker scheduler",
     "one or more of web, worker, scheduler (default: as configured)", MEMBER(role)},
    {"json", NULL, NULL, NULL, "print JSON instead of a table", MEMBER(json)},
    {"yes", NULL, NULL, NULL, "do it without a question", MEMBER(yes)},
    {"wait", NULL, NULL, NULL, "come back when it is done", MEMBER(wait)},
    {"provider", NULL, "NAME", NULL, "the [sync NAME] section (default: the first)",
     MEMBER(provider)},
    {"browser", NULL, NULL, NULL, "sign in by a browser instead of typing the password here",
     MEMBER(browser)},
    {"device", "name", "DEVICE", NULL, "as what this server appears among the devices",
     MEMBER(name)},
    {"account", NULL, "EMAIL", NULL, "whose it is, where the file does not say so",
     MEMBER(account)},
    {"oidc", NULL, "NAME", NULL, "who signs in at this [oidc NAME] section", MEMBER(oidc)},
    {"proxy", NULL, "NAME", NULL, "whom the trusted proxy calls so", MEMBER(proxy)},
    {"with-credentials", NULL, NULL, NULL,
     "put the sealed credentials in, so that nobody has to sign in again",
     MEMBER(with_credentials)},
    {"with-tokens", NULL, NULL, NULL, "put API tokens and signed-in browsers in",
     MEMBER(with_tokens)},
    {"email", NULL, "EMAIL", NULL, "the address of the account that is made", MEMBER(email)},
    {"from", NULL, "DIR", NULL, "the *.conf files of the other installation", MEMBER(from)},
    {"page", NULL, "URL", NULL, "every visit of this page", MEMBER(page)},
    {"site", NULL, "HOST", NULL, "every visit of this host", MEMBER(site)},
    {"since", NULL, "TIME", NULL, "only visits from this time on: 2026-11-29, 2026-11-29T18:30Z",
     MEMBER(since)},
    {"until", NULL, "TIME", NULL, "only visits before this time", MEMBER(until)},
    {"token-name", "name", "NAME", NULL, "what the token is for", MEMBER(name)},
    {"read-only", NULL, NULL, NULL, "a token that changes nothing", MEMBER(read_only)},
    {"plugin-config", "config", "FILE", NULL, "a file with the section of the plugin",
     MEMBER(config)},
    {"seed", NULL, "N", NULL, "repeat the random sequences of this seed", MEMBER(seed)},
    {"faults", NULL, NULL, NULL, "also let every allocation fail once", MEMBER(faults)},
    {"test", NULL, "WORDS", NULL, "only tests whose name has these words", MEMBER(test)},
    {"import", NULL, "FILE", NULL, "an account for a sync plugin, as account import takes it",
     MEMBER(import)},
    {"patience", NULL, "SECONDS", NULL, "so long a call may take, instead of the usual",
     MEMBER(patience)},
    {"break", NULL, "COMMAND", NULL, "takes the backend away", MEMBER(breaks)},
    {"mend", NULL, "COMMAND", NULL, "brings the backend back", MEMBER(mends)},
    {"accept-loss", NULL, NULL, NULL,
     "give up what was sealed with a lost key: everybody signs in anew", MEMBER(accept_loss)},
    {"replace", NULL, NULL, NULL, "put a database that is there aside", MEMBER(replace)},
    {NULL},
};

const struct cli_command main_commands[] = {
    {"serve", "", "role", "run in the foreground (the default)",
     "Starts the daemon with the roles that the configuration or --role says, and prints "
     "\"ready\" with the addresses that it listens on. SIGTERM and SIGINT stop it: answers under "
     "way are finished, jobs go back to the queue. SIGHUP reads the configuration again, as reload "
     "does.",
     "hearthd\n"
     "hearthd --config /etc/hearth/conf.d --role web serve\n"},
    {"check", "", "role json", "say what would keep the daemon from starting",
     "Does everything that serve does before it is ready, without doing it: reads the "
     "configuration, loads the plugins, connects, looks at keys, certificates and addresses. All "
     "that is wrong is said at once. Changes nothing.",
     "hearthd check\n"
     "hearthd --config conf.d --role worker check\n",
     "something would keep the daemon from starting (2 when it is the configuration)"},
    {"config", "", "role json", "the effective configuration, and where each value came from",
     "Every key that is in force, with its file and line, its variable of the environment, or "
     "\"default\", and whether a reload applies it or it needs a restart. Secrets are not shown.",
     "hearthd config\n"
     "hearthd config --json\n"},
    {"reload", "", "role", "let the daemon read its configuration again",
     "What can be applied while it runs is; what needs a restart is named. With a fault anywhere "
     "nothing is changed, and it is said.",
     "hearthd reload\n",
     "no daemon runs, or it does not answer (2 when the configuration has a fault)"},
    {"setup", "", "", "the address with the set-up code of a server that belongs to nobody yet",
     "Who opens that address and signs in becomes the first person of this server. The first "
     "start prints it, too.",
     "hearthd setup\n"},
    {"account", NULL, "", "the accounts of this server",
     "An account is a person whose Firefox Sync data this server has."},
    {"account add", "EMAIL", "provider browser device", "sign in as this person",
     "Asks for the password and what else the accounts server wants to know, or with --browser "
     "prints an address to open there. Answers are read from standard input, a line each; a "
     "password is not shown.",
     "hearthd account add ada@example.org --browser\n"},
    {"account import", "FILE", "provider account", "take an account whose keys are in a file",
     "The file is JSON, or what the sync plugin reads; - is standard input.",
     "hearthd account import ada.json\n"},
    {"account list", "", "json", "all accounts, and how they are",
     "Of each its state, its last sync and its next one.", "hearthd account list --json\n"},
    {"account show", "EMAIL", "json", "everything about one account",
     "Its state, times, counts of what is stored, and its further sources.",
     "hearthd account show ada@example.org\n"},
    {"account sync", "EMAIL", "wait", "fetch what is new",
     "Where a daemon runs it does the work, and --wait comes back when it is done; else the work "
     "is done here.",
     "hearthd account sync ada@example.org --wait\n",
     "the sync failed, or will not come soon (with --wait)"},
    {"account resync", "EMAIL", "wait", "fetch everything anew",
     "People go on seeing what is stored until the new is complete. What the Sync service has "
     "forgotten stays.",
     "hearthd account resync ada@example.org --wait\n",
     "the sync failed, or will not come soon (with --wait)"},
    {"account pause", "EMAIL", "", "sync it no more until it is resumed", NULL,
     "hearthd account pause ada@example.org\n"},
    {"account resume", "EMAIL", "", "sync it again", NULL,
     "hearthd account resume ada@example.org\n"},
    {"account signout", "EMAIL", "yes", "sign out every browser of this person",
     "Sign-in links that are open end, too. API tokens stay.",
     "hearthd account signout ada@example.org --yes\n"},
    {"account remove", "EMAIL", "yes", "remove the account with everything stored of it",
     "What the Sync service does not have any more is lost. \"hearthd account archive\" keeps a "
     "copy.",
     "hearthd account remove ada@example.org\n"},
    {"account adopt", "EMAIL", "provider oidc proxy yes",
     "say that another identity is this person",
     "Who signs in next at the named place, within an hour, gets this account, and what opened it "
     "before ends. A name that a proxy asserts counts at once.",
     "hearthd account adopt ada@example.org --oidc staff\n"
     "hearthd account adopt ada@example.org --proxy ada\n"},
    {"account archive", "EMAIL FILE", "with-credentials with-tokens", "one account as one file",
     "Everything stored of it as one documented stream of text, in a new file of mode 0600; "
     "compressed when its name ends with .gz.",
     "hearthd account archive ada@example.org ada.gz --with-credentials\n"},
    {"account restore", "FILE", "email", "make an account from its archive",
     "Into a new account, or one that is empty, whichever database it came from. The archive is "
     "read to its end first: of one that is damaged nothing is stored.",
     "hearthd account restore ada.gz\n"},
    {"account forget", "EMAIL", "page site since until yes",
     "take pages, sites or times out of the history, for good",
     "What is removed is kept out although its source still has it. Times without a Z are local.",
     "hearthd account forget ada@example.org --site www.example.org\n"
     "hearthd account forget ada@example.org --since 2026-11-29T18:00 --until 2026-11-29T20:00\n"},
    {"account forgotten", "EMAIL", "json", "what is kept out of the history", NULL,
     "hearthd account forgotten ada@example.org\n"},
    {"account remember", "EMAIL ID", "", "keep it out no longer",
     "ID is one that account forgotten shows. What the source still has comes back with a resync.",
     "hearthd account remember ada@example.org 3f2a91c07b6d4e58\n"},
    {"account devices", "EMAIL", "json", "the devices of this person", NULL,
     "hearthd account devices ada@example.org\n"},
    {"account hide", "EMAIL DEVICE", "", "show a device and its tabs nowhere",
     "DEVICE is an id that account devices shows. Nothing is changed on the device.",
     "hearthd account hide ada@example.org aBcDeFgHiJkL\n"},
    {"account unhide", "EMAIL DEVICE", "", "show a device and its tabs again", NULL,
     "hearthd account unhide ada@example.org aBcDeFgHiJkL\n"},
    {"link", "EMAIL", "json", "a sign-in link for ten minutes, and its QR code",
     "It works once. Below it stands a code to type where a link cannot be opened.",
     "hearthd link ada@example.org\n"},
    {"token", NULL, "", "API tokens", "Keys by which programs read and change one account."},
    {"token new", "EMAIL", "token-name read-only", "make one; its secret is printed, once",
     "The secret is all that stands on standard output.",
     "hearthd token new ada@example.org --name backup-script --read-only\n"},
    {"token list", "EMAIL", "json", "the tokens of an account, without their secrets", NULL,
     "hearthd token list ada@example.org\n"},
    {"token revoke", "ID", "yes", "end one", "ID is one that token list shows.",
     "hearthd token revoke qX81kd02LmzP --yes\n"},
    {"search", "EMAIL WORDS…", "json", "the address bar in the terminal",
     "Tabs, bookmarks and history, ranked as Firefox would. Words that begin with a dash stand "
     "behind --.",
     "hearthd search ada@example.org quiet river\n"},
    {"export", "EMAIL bookmarks.html|bookmarks.json|history.json|history.csv|tabs.html|tabs.json",
     "", "a person's data in one file, to standard output", NULL,
     "hearthd export ada@example.org bookmarks.html > bookmarks.html\n"},
    {"queue", NULL, "", "the jobs that wait for a worker, or have one",
     "A queue that processes share is asked itself, else the daemon."},
    {"queue show", "", "json", "all jobs", NULL, "hearthd queue show\n"},
    {"queue remove", "ACCOUNT [KIND]", "yes", "take one job out, also while a worker has it",
     "ACCOUNT and KIND are what queue show shows; the kind is sync unless it is given.",
     "hearthd queue remove 5f0c9d --yes\n"},
    {"queue clear", "", "yes", "drop all jobs that wait",
     "Accounts that are due are queued again later.", "hearthd queue clear --yes\n"},
    {"node", NULL, "", "the nodes of a fleet", "A node is a database and the people in it."},
    {"node list", "", "json", "nodes, their weights and accounts", NULL, "hearthd node list\n",
     "a node does not answer; the others are listed"},
    {"node drain", "NAME", "wait yes", "move the people of a node to the others",
     "Schedulers and workers do it, one person after the other, who is served from the old node "
     "until all is complete on the new one. Set weight = 0 first, or newcomers still go there.",
     "hearthd node drain birch --wait --yes\n",
     "an account cannot be synced, and so cannot move (with --wait)"},
    {"plugin", NULL, "", "storages, queues and sync providers",
     "Shared objects that hearthd loads; hearth-plugin(7) says how to write one."},
    {"plugin list", "", "json", "what there is, and why something is refused", NULL,
     "hearthd plugin list\n"},
    {"plugin show", "NAME|PATH.so", "json", "what one can do, and its keys", NULL,
     "hearthd plugin show sync-fx\n"},
    {"plugin new", "storage|queue|sync NAME", "", "make the folder of a new one, that builds",
     "It is made in the present folder, from the template of its kind; its README says what comes "
     "next.",
     "hearthd plugin new queue tables\n"},
    {"plugin check", "PATH.so", "plugin-config seed faults test import patience break mend",
     "run the conformance kit on it", "Prints TAP, a line for each promise of the contract.",
     "hearthd plugin check build/queue-tables.so\n"
     "hearthd plugin check --config pg.conf --test batches build/storage-tables.so\n",
     "a test failed"},
    {"key", NULL, "", "the keys that credentials are sealed with",
     "They are in the file that [hearth] key_file names. Only their fingerprints are ever shown."},
    {"key show", "", "json", "the keys of the file and of the databases, by fingerprint", NULL,
     "hearthd key show\n"},
    {"key new", "[FILE]", "accept-loss yes", "make the key file",
     "Refused when it exists already, or when databases were sealed with another one; with "
     "--accept-loss what was sealed with that one is given up, and people sign in anew.",
     "hearthd key new\n"
     "hearthd key new --accept-loss\n"},
    {"key add", "[FILE]", "", "add a key, with which everything is sealed from then on",
     "The older keys still open what they have sealed.", "hearthd key add\n"},
    {"migrate", "", "", "bring the database's schema up to date",
     "Of every node. A single node does that itself when it starts.", "hearthd migrate\n"},
    {"copy", "[EMAIL]…", "from yes", "bring the accounts of another installation into this one",
     "Everything of them, or of those that are named, also what the Sync service has forgotten, "
     "with credentials and tokens: nobody signs in again. From a single node to a fleet and back, "
     "whatever the databases. --from names the folder of the other configuration, whose daemons "
     "have to be stopped, and stay so; nothing of it is changed. What is here already is skipped, "
     "so that it can be run again after an interruption.",
     "hearthd copy --from /etc/hearth/old\n"
     "hearthd --config fleet.d copy --from conf.d ada@example.org\n",
     "an account was not copied; the others were"},
    {"backup", "FILE", "", "a consistent copy of the database while everything runs",
     "One archive of everybody, of which everything is verified before it gets its name. The key "
     "file is not in it. PostgreSQL has its own tools.",
     "hearthd backup /backup/hearth-$(date +%F).tar\n",
     "the database is damaged, and no archive was made"},
    {"restore", "FILE", "replace", "put a copy that backup made in the place of the database",
     "While no daemon runs. With --replace a database that is there is put aside. The copy is "
     "verified first, and of one that is damaged nothing is put in place.",
     "hearthd restore /backup/hearth-2026-11-30.tar --replace\n"},
    {"verify", "", "", "look for damage in the database",
     "Structure, references, counters and derived columns, of every node. Changes nothing.",
     "hearthd verify\n", "there are findings"},
    {"healthcheck", "", "role", "is the daemon of use? An answer within two seconds",
     "For containers and supervisors. Asks the daemon whether it is ready, and comes to each of "
     "its listeners as a client would; a unix socket that is gone and a certificate that has ended "
     "are failures. Says nothing when all is well. Where daemons run in folders of their roles "
     "below the state directory, as the units of a fleet do, each of them is checked, or the one "
     "that --role names.",
     "hearthd healthcheck\n"
     "hearthd healthcheck --role web\n",
     "it is not, and standard error says why"},
    {"help", "[COMMAND] [SUBCOMMAND]", "", "this list, or what one command does", NULL,
     "hearthd help account sync\n"},
    {"version", "", "json", "versions of hearthd, its plugins and libraries", NULL,
     "hearthd version --json\n"},
    {NULL},
};
