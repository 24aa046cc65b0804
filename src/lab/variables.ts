/**
 * The values that lessons may use as {{name}}; every lab has them all. Kept flat: a lesson author
 * reads this list and needs no other.
 */
export interface LabVariables {
  /** The virtual IP for HA, on the cluster network. */
  readonly vip: string;
  /** The virtual host name for HA that goes with it. */
  readonly vname: string;
  readonly node1_ip: string;
  readonly node2_ip: string;
  /** "" in a lab of two machines. */
  readonly storage_ip: string;
  /** Prefix length of the cluster network: "24". */
  readonly prefix: string;
  /** The cluster network: "192.168.56.0". */
  readonly network: string;
  /** Name of the network device on the cluster network inside the machines: "eth1". */
  readonly device: string;
}
