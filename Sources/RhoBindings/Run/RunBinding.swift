import Glibc
import LuaRuntime
import RhoCore
import RhoTraining

/// Module `rho.run`: run directories, progress, guards and interrupts, as rho.train and the runner use them.
struct RunBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.run",
            doc: """
                The low level of runs: directories with manifest, metrics and checkpoints, the progress line, the divergence \
                guard, and requests to stop. Experiments rarely need it; rho.train is written on it.
                """,
            functions: [open, log, uncommitted, interrupted, pause, stop, graceful, progress, divergenceGuard],
            classes: [
                RunClass(session: session).declaration, ArmClass(session: session).declaration,
                ProgressClass.declaration,
                GuardClass.declaration, Self.gracefulClass,
            ],
            records: [openRecord, ProgressClass.record, ProgressClass.updateRecord, GuardClass.record]
                + ArmClass.records)
    }

    private let openRecord = LuaRecord(
        "OpenRunOptions",
        [
            LuaField("experiment", .string, required: true, doc: "name of the experiment"),
            LuaField("params", .table, required: true, doc: "every parameter, resolved"),
            LuaField("origins", .table, doc: "where each parameter's value came from"),
            LuaField("meanings", .map(.string), doc: "what each parameter stands for"),
            LuaField("seed", .integer(), default: 0, doc: "seed of the run"),
            LuaField("slug", .string, default: "", doc: "short text in the directory's name"),
            LuaField(
                "dir", .string, doc: "the run directory itself (default: runs/<experiment>/<time>-<slug>-<fingerprint>)"
            ),
        ])

    private var open: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.open",
            doc:
                "Opens a run directory; one that the same configuration began is continued, any other content is refused.",
            parameters: [LuaField("options", .options(openRecord.name), required: true, doc: "name and parameters")],
            returns: [LuaResult(.object("RunDirectory"), "the directory")]
        ) { call in
            let options = try call.options("options")
            let experiment = try options.string("experiment")
            var manifest = Manifest(
                experiment: experiment, seed: UInt64(bitPattern: Int64(try options.int("seed"))),
                config: try JSON(options.value("params"), "params").asObject, arguments: session.commandLine,
                threads: Session.threads, versions: ["rhoscript": JSON(Version.text), "lua": "5.4"],
                // A repository's own configuration can name programs that git runs.
                git: session.isSandboxed ? nil : GitState.read(directory: session.scriptDirectory))
            let sources = session.sources(call.state)
            for source in sources { manifest.setCode(source.name, hash: SHA256Hasher.hex(of: source.bytes)) }
            let path =
                try options.optionalString("dir")
                ?? RunDirectory.defaultPath(
                    root: session.runsDirectory, experiment: experiment, slug: options.string("slug"),
                    fingerprint: manifest.fingerprint)
            let overrides = try options.isSet("origins") ? JSON(options.value("origins"), "origins").asObject : nil
            let directory = try RunDirectory(path: path, manifest: manifest, overrides: overrides)
            for source in sources { try directory.addSource(source.name, source.bytes) }
            let meanings = try options.isSet("meanings") ? options.record("meanings") : []
            let box = RunBox(
                directory, origins: overrides,
                meanings: Dictionary(uniqueKeysWithValues: meanings.map { ($0.0, $0.1.stringValue ?? "") }))
            session.run = box
            return [.object(box, class: "RunDirectory")]
        }
    }

    private var log: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.log", doc: "A line on stderr and in the run's log.txt; nothing that is a result.",
            parameters: [LuaField("text", .string, required: true, doc: "the line")]
        ) { call in
            let text = session.shown(try call.string("text"))
            if !session.quiet { Logging.line(text) }
            session.run?.directory.log(text + "\n")
            return []
        }
    }

    private var uncommitted: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.uncommitted",
            doc: "Why no commit of git says what is run: files that differ or are not tracked; nil if one does.",
            returns: [LuaResult(.string, "the reason, or nil")]
        ) { call in
            let reason = try GitState.uncommitted(
                directory: session.scriptDirectory, sources: session.sources(call.state).map(\.name))
            return [reason.map { .string($0) } ?? .nil]
        }
    }

    private var pause: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.pause",
            doc: "Asks for a stop as SIGUSR1 does: the training under way saves and the program ends with exit code 75."
        ) { _ in
            LuaState.interrupt(signal: SIGUSR1)
            return []
        }
    }

    private var interrupted: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.interrupted",
            doc:
                "Whether Ctrl-C or a signal asked the program to stop. Loops in a graceful section look here after every step.",
            returns: [LuaResult(.boolean, "whether")], example: "return rho.run.interrupted()"
        ) { _ in
            guard LuaState.interruptRequested else { return [.boolean(false)] }
            LuaState.acknowledgeInterrupt()
            return [.boolean(true)]
        }
    }

    private var stop: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.stop",
            doc:
                "Ends the program after rho.run.interrupted() returned true and everything worth keeping is saved: exit code 130 after Ctrl-C, 75 after SIGTERM or SIGUSR1.",
            parameters: [LuaField("arm", .object("Arm"), doc: "whose checkpoint to name")]
        ) { call in
            let arm = try call.optionalObject("arm", as: ArmBox.self)
            let saved =
                session.lastCheckpoint.map { "checkpoint in \($0)" } ?? arm.map {
                    "nothing saved in \($0.arm.path) yet"
                } ?? ""
            try session.run?.directory.finish(.stopped)
            // While the script unwinds, the section around the loop ends and the signal stops the script once more, with no
            // more to say than that; the program's last word is this error.
            let error = Interruption.error(
                saved,
                hint: session.lastCheckpoint == nil
                    ? nil : "the same command with --out \(session.run?.directory.path ?? "DIR") goes on from there")
            session.farewell = error
            throw error
        }
    }

    private var graceful: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.graceful",
            doc: """
                Opens a section in which the first Ctrl-C or signal only makes rho.run.interrupted() true, so that the loop can \
                finish its step and save. Ends with the variable: local section <close> = rho.run.graceful().
                """,
            returns: [LuaResult(.object("GracefulSection"), "the section")],
            example: "local section <close> = rho.run.graceful()"
        ) { _ in [.object(GracefulSection(), class: "GracefulSection")] }
    }

    private static var gracefulClass: LuaClassDeclaration<GracefulSection> {
        LuaClassDeclaration(
            "GracefulSection", doc: "While open, the first signal waits for the loop to notice.",
            describe: { _ in "graceful section" },
            release: { $0.close() })
    }

    private var progress: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.progress", doc: "A progress line on stderr, in the style of --progress.",
            parameters: [
                LuaField("options", .options(ProgressClass.record.name), required: true, doc: "label and length")
            ],
            returns: [LuaResult(.object("Progress"), "the line")]
        ) { call in
            let options = try call.options("options")
            let mode = session.quiet ? ProgressMode.none : try ProgressMode(named: session.progress)
            let line = ProgressLine(
                label: session.shown(try options.string("label")), steps: try options.int("steps"),
                first: try options.int("first"),
                mode: mode)
            return [.object(ProgressBox(line), class: "Progress")]
        }
    }

    private var divergenceGuard: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.run.guard", doc: "Watches the loss and ends a run that diverges.",
            parameters: [LuaField("options", .options(GuardClass.record.name), doc: "when a loss counts as bad")],
            returns: [LuaResult(.object("Guard"), "the guard")]
        ) { call in
            let options = try call.options("options")
            let made = try DivergenceGuard(
                factor: options.double("factor"), window: options.int("window"), patience: options.int("patience"))
            return [.object(GuardBox(made), class: "Guard")]
        }
    }
}
