/// Where new tensors live. The one place that names a concrete backend besides its own files.
package enum Backends {
    /// Backend of tensors made without another tensor to go by.
    package static var main: any Backend { CPUBackend.shared }
}
