/* What a plugin of epoch 1 exports. */
__attribute__((visibility("default"))) const void *hearth_plugin_v1(void);

const void *hearth_plugin_v1(void)
{
    return 0;
}
