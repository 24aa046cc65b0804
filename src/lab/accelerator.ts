/**
 * All that differs between machines that run with KVM and machines that are emulated. The other half is the block
 * of that name in vagrant/Vagrantfile, which works without halab; test/lab/accelerator.test.ts holds the two together.
 */
export const accelerators = {
  kvm: {
    title: 'KVM',
    /**
     * As libvirt knows it, kvm64 is qemu64 without svm (AMD's way to run guests inside a guest). libvirt refuses a
     * machine whose processor can do what the computer's cannot, and no Intel processor has svm; the rest every x86-64
     * has. Not qemu64 with svm taken away: vagrant-libvirt strikes a line about svm out when it starts the machine.
     */
    processor: 'kvm64',
    /** Seconds in which Vagrant makes a machine, from nothing until it is set up. */
    makeSeconds: 40,
    note: null,
  },
  qemu: {
    title: 'software emulation',
    processor: 'qemu64',
    makeSeconds: 110,
    note: 'KVM does not run here, so the machines are emulated in software: everything works, some five times slower.',
  },
} as const satisfies Record<string, AcceleratorFacts>;

interface AcceleratorFacts {
  readonly title: string;
  /** The model's name, the same for QEMU and for libvirt. */
  readonly processor: string;
  readonly makeSeconds: number;
  /** What to say when the machines are made; null: nothing. */
  readonly note: string | null;
}

/** The processor of the lab's machines as the element `cpu` of libvirt's domain XML, as Vagrant writes it. */
export const processorForLibvirt = (model: string): string =>
  `<cpu mode='custom' match='exact'><model fallback='allow'>${model}</model></cpu>\n`;
