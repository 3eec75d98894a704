/// Lua modules that ship inside the program: the high-level half of the scripting surface, written on the native half.
public enum RhoStdlib {
    /// One embedded module: the name scripts `require` it by, and its source text.
    public struct Module: Sendable {
        public let name: String
        public let source: [UInt8]
    }

    /// Every embedded module. A test compares this list with the folder `rho/`.
    public static var modules: [Module] {
        [
            Module(name: "rho", source: PackageResources.rho_lua),
            Module(name: "rho.ablation", source: PackageResources.ablation_lua),
            Module(name: "rho.analysis", source: PackageResources.analysis_lua),
            Module(name: "rho.classes", source: PackageResources.classes_lua),
            Module(name: "rho.compare", source: PackageResources.compare_lua),
            Module(name: "rho.config", source: PackageResources.config_lua),
            Module(name: "rho.context", source: PackageResources.context_lua),
            Module(name: "rho.corpus", source: PackageResources.corpus_lua),
            Module(name: "rho.cost", source: PackageResources.cost_lua),
            Module(name: "rho.distribution", source: PackageResources.distribution_lua),
            Module(name: "rho.dry", source: PackageResources.dry_lua),
            Module(name: "rho.experiment", source: PackageResources.experiment_lua),
            Module(name: "rho.loss", source: PackageResources.loss_lua),
            Module(name: "rho.method", source: PackageResources.method_lua),
            Module(name: "rho.noise", source: PackageResources.noise_lua),
            Module(name: "rho.parameters", source: PackageResources.parameters_lua),
            Module(name: "rho.plan", source: PackageResources.plan_lua),
            Module(name: "rho.policies", source: PackageResources.policies_lua),
            Module(name: "rho.policy_fields", source: PackageResources.policy_fields_lua),
            Module(name: "rho.problems", source: PackageResources.problems_lua),
            Module(name: "rho.reference_policies", source: PackageResources.reference_policies_lua),
            Module(name: "rho.repl", source: PackageResources.repl_lua),
            Module(name: "rho.runner", source: PackageResources.runner_lua),
            Module(name: "rho.score", source: PackageResources.score_lua),
            Module(name: "rho.selection_policies", source: PackageResources.selection_policies_lua),
            Module(name: "rho.spec", source: PackageResources.spec_lua),
            Module(name: "rho.stage", source: PackageResources.stage_lua),
            Module(name: "rho.statistics", source: PackageResources.statistics_lua),
            Module(name: "rho.sweep", source: PackageResources.sweep_lua),
            Module(name: "rho.table", source: PackageResources.table_lua),
            Module(name: "rho.tasks", source: PackageResources.tasks_lua),
            Module(name: "rho.train", source: PackageResources.train_lua),
            Module(name: "rho.weight_policies", source: PackageResources.weight_policies_lua),
        ]
    }
}
